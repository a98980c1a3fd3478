import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A process of this benchmark: it gets one input and tells what happens. */
export interface Child<Message> {
  readonly process: ChildProcess;
  onMessage(listener: (message: Message) => void): void;
  /** The next message of any kind. */
  first(): Promise<Message>;
  /** The next message that `accept` takes; throws when the process ends before. */
  next<Wanted extends Message>(accept: (message: Message) => message is Wanted): Promise<Wanted>;
  /** Ends it for good and waits until it is gone. */
  kill(): Promise<void>;
}

/** Starts a file beside this one with the same loader as this process. */
export function startChild<Message>(file: string, input: unknown): Child<Message> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(path, [JSON.stringify(input)], {
    execArgv: [...process.execArgv, "--expose-gc"],
    serialization: "advanced",
  });
  const next = <Wanted extends Message>(accept: (message: Message) => message is Wanted) =>
    new Promise<Wanted>((resolve, reject) => {
      child.on("message", (message) => {
        if (accept(message as Message)) resolve(message as Wanted);
      });
      child.once("exit", (code, signal) => {
        reject(new Error(`${file} ended (${code ?? signal}) before it answered`));
      });
    });
  return {
    process: child,
    onMessage: (listener) => void child.on("message", (message) => listener(message as Message)),
    next,
    first: () => next((message): message is Message => message !== undefined),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

/** The input that a process was started with. It ends with the one that started it. */
export function childInput<Input>(): Input {
  process.on("disconnect", () => process.exit());
  return JSON.parse(process.argv[2] ?? "null") as Input;
}

/** Tells the process that started this one. */
export function tell(message: unknown): void {
  process.send?.(message);
}
