import { spawn } from "node:child_process";
import { once } from "node:events";
import type { LocalStack } from "./local/stack.js";

export interface ServiceProcess {
  /** Resolves once the line is logged. */
  logged(message: string, count?: number): Promise<void>;
  log(): string;
  kill(signal: NodeJS.Signals): void;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/**
 * The service as it is deployed: a process of its own, with nothing but its environment.
 *
 * @param main the program
 */
export function spawnService(
  main: string,
  stack: LocalStack,
  env: Readonly<Record<string, string>> = {},
): ServiceProcess {
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env["PATH"], ...stack.env, LOG_LEVEL: "trace", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      log += chunk.toString();
      child.emit("logged");
    });
  }
  const ended = once(child, "exit").then(
    ([code, signal]: (number | NodeJS.Signals | null)[]) => code ?? signal ?? 0,
  ) as Promise<number | NodeJS.Signals>;
  return {
    log: () => log,
    ended,
    kill: (signal) => void child.kill(signal),
    async logged(message, count = 1) {
      while (log.split(`"msg":"${message}"`).length <= count) {
        if (child.exitCode !== null) throw new Error(`It ended without "${message}":\n${log}`);
        await Promise.race([once(child, "logged"), ended]);
      }
    },
  };
}
