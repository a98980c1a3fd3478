import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A stopped one wouldn't notice that this process is over, and would stay for ever. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts a file beside this one as a process that gets one input. Resolves with its first message. */
export async function startChild<Message>(
  file: string,
  input: unknown,
  onMessage: (message: Message) => void = () => undefined,
): Promise<ChildProcess> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(path, [JSON.stringify(input)], { execArgv: process.execArgv });
  running.add(child);
  child.once("exit", () => running.delete(child));
  child.on("message", (message) => onMessage(message as Message));
  const ended = once(child, "exit").then(() => {
    throw new Error(`${file} ended while starting`);
  });
  await Promise.race([once(child, "message"), ended]);
  return child;
}

export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** The input that this process was started with. It ends with the one that started it. */
export function childInput<Input>(): Input {
  process.on("disconnect", () => process.exit());
  return JSON.parse(process.argv[2] ?? "null") as Input;
}
