import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";

/**
 * Keeps every core busy at normal priority, as other work on the machine would.
 *
 * @returns {{ readonly loops: number, stop: () => void }}
 */
export function startBusyLoops() {
  const loops = Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ["--eval", "for (;;);"], { stdio: "ignore" }),
  );
  const stop = () => loops.forEach((loop) => loop.kill("SIGKILL"));
  process.once("exit", stop);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));
  return { loops: loops.length, stop };
}
