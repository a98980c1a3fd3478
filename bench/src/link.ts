import type { ChildProcess } from "node:child_process";

/** What one side of a link offers the other: functions by name, with one argument each. */
export type Methods = Readonly<Record<string, (argument: never) => unknown>>;

export interface Link {
  /** Calls a method of the other side; rejects with its error, or when the other side has gone. */
  call<Reply>(method: string, argument?: unknown): Promise<Reply>;
}

interface Call {
  readonly call: number;
  readonly method: string;
  readonly argument: unknown;
}

interface Answer {
  readonly answer: number;
  readonly reply?: unknown;
  readonly error?: string;
}

interface Pending {
  readonly resolve: (reply: never) => void;
  readonly reject: (error: Error) => void;
}

/** Calls in both directions between a process and the one that started it. */
export function createLink(port: ChildProcess | NodeJS.Process, methods: Methods): Link {
  const pending = new Map<number, Pending>();
  let calls = 0;

  function send(message: Call | Answer): void {
    if (port.connected) port.send?.(message);
  }

  async function answer({ call, method, argument }: Call): Promise<void> {
    try {
      const run = methods[method];
      if (!run) throw new Error(`There is no method ${method}.`);
      send({ answer: call, reply: await run(argument as never) });
    } catch (error) {
      send({ answer: call, error: error instanceof Error ? (error.stack ?? "") : String(error) });
    }
  }

  port.on("message", (message: Call | Answer) => {
    if ("call" in message) return void answer(message);
    const waiting = pending.get(message.answer);
    pending.delete(message.answer);
    if (message.error === undefined) waiting?.resolve(message.reply as never);
    else waiting?.reject(new Error(message.error));
  });
  port.on("disconnect", () => {
    for (const { reject } of pending.values()) reject(new Error("The other process has ended."));
    pending.clear();
  });

  return {
    call: (method, argument) =>
      new Promise((resolve, reject) => {
        if (!port.connected) return reject(new Error("The other process has ended."));
        calls += 1;
        pending.set(calls, { resolve, reject });
        send({ call: calls, method, argument });
      }),
  };
}
