import type { Command } from "./calls.js";
import type { Answer } from "./round-trip.js";

/** A command that waits for its batch to leave, or for its answer. */
export interface PendingCommand {
  readonly command: Command;
  readonly read: (reply: unknown) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** On the monotonic clock. */
  readonly giveUpAt: number;
  settled: boolean;
}

/** Commands that leave together: they share a round trip, a timer and its bookkeeping. */
export interface CommandBatch {
  readonly size: number;
  /** @param told whether a fault resolves the promise, as a reply does, or rejects it */
  add(
    command: Command,
    read: (reply: unknown) => unknown,
    told: "resolves" | "rejects",
  ): Promise<unknown>;
  /** Those without an answer yet, whose time isn't up. */
  pending(): readonly PendingCommand[];
  settle(pending: PendingCommand, answer: Answer): void;
  /** Resolves once all are settled: by their answer, or because their time is up. */
  settled(): Promise<void>;
}

export interface CommandBatchOptions {
  readonly timeoutMs: number;
  readonly timeoutError: () => Error;
  readonly toFault: (command: Command, cause: unknown) => Error;
}

/** What is added first gives up first, so one timer does for all. */
export function createCommandBatch(options: CommandBatchOptions): CommandBatch {
  const { timeoutMs, timeoutError, toFault } = options;
  let commands: PendingCommand[] = [];
  let left = 0;
  let timer: NodeJS.Timeout | undefined;
  const onSettled: (() => void)[] = [];

  function add(
    command: Command,
    read: (reply: unknown) => unknown,
    told: "resolves" | "rejects",
  ): Promise<unknown> {
    return new Promise((resolve, rejectBy) => {
      const giveUpAt = performance.now() + timeoutMs;
      const reject = told === "resolves" ? resolve : rejectBy;
      commands.push({ command, read, resolve, reject, giveUpAt, settled: false });
      left += 1;
      timer ??= setTimeout(giveUpOverdue, timeoutMs);
    });
  }

  function giveUpOverdue(): void {
    timer = undefined;
    for (const command of pending()) {
      // A timer may be early by a fraction.
      const leftMs = command.giveUpAt - performance.now();
      if (leftMs >= 1) {
        timer = setTimeout(giveUpOverdue, leftMs);
        return;
      }
      settle(command, { error: timeoutError() });
    }
    // Through an outage of hours a batch that can't leave would keep all that ever gave up in it.
    commands = [];
  }

  function pending(): readonly PendingCommand[] {
    return commands.filter(({ settled }) => !settled);
  }

  function settle(command: PendingCommand, answer: Answer): void {
    if (command.settled) return;
    command.settled = true;
    if ("error" in answer) command.reject(toFault(command.command, answer.error));
    else {
      try {
        command.resolve(command.read(answer.reply));
      } catch (error) {
        command.reject(error);
      }
    }
    left -= 1;
    if (left > 0) return;
    clearTimeout(timer);
    timer = undefined;
    for (const f of onSettled) f();
  }

  return {
    get size() {
      return commands.length;
    },
    add,
    pending,
    settle,
    settled: () =>
      new Promise((resolve) => {
        if (left === 0) resolve();
        else onSettled.push(resolve);
      }),
  };
}
