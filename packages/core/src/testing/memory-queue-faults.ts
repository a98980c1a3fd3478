import { QueueUnavailableError } from "../errors.js";
import type { DeadLetterReply, QueueReply } from "../ports/message-queue.js";

/** What a fault can be injected into. */
export type QueueOperation =
  "describe" | "receive" | "extend" | "acknowledge" | "retryLater" | "deadLetter";

/** What goes wrong with the next calls of one operation. */
export interface QueueFault {
  readonly on: QueueOperation;
  /**
   * - `before`: the call rejects and nothing happened.
   * - `after`: it happened, and the call rejects all the same, as when the answer is lost.
   * - `{ reply }`: nothing happened; every entry of the batch (or the dead-lettering) answers so.
   */
  readonly effect: "before" | "after" | { readonly reply: QueueReply | DeadLetterReply };
  /** How many calls. Default 1; `Infinity` until cleared. */
  readonly times?: number;
  /** What the call rejects with. Default a {@link QueueUnavailableError}. */
  readonly error?: Error;
}

interface Work<Result> {
  /** How many replies the batch has; absent where the operation is no batch. */
  readonly size?: number;
  run(): Result | Promise<Result>;
}

/** Counts the calls of a memory queue and lets injected faults happen to them. */
export function createFaults() {
  const pending: { readonly fault: QueueFault; left: number }[] = [];
  const calls: Record<QueueOperation, number> = {
    describe: 0,
    receive: 0,
    extend: 0,
    acknowledge: 0,
    retryLater: 0,
    deadLetter: 0,
  };

  function next(operation: QueueOperation): QueueFault | undefined {
    const index = pending.findIndex(({ fault }) => fault.on === operation);
    const found = pending[index];
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left <= 0) pending.splice(index, 1);
    return found.fault;
  }

  return {
    calls: calls as Readonly<Record<QueueOperation, number>>,

    inject(fault: QueueFault): void {
      pending.push({ fault, left: fault.times ?? 1 });
    },

    clear(): void {
      pending.length = 0;
    },

    async around<Result>(operation: QueueOperation, work: Work<Result>): Promise<Result> {
      calls[operation] += 1;
      const fault = next(operation);
      if (fault === undefined) return work.run();
      if (typeof fault.effect === "object") return answer(fault.effect.reply, work.size) as Result;
      if (fault.effect === "after") await work.run();
      throw fault.error ?? new QueueUnavailableError(`${operation} failed: injected by a test`);
    },
  };
}

function answer(reply: QueueReply | DeadLetterReply, size: number | undefined): unknown {
  return size === undefined ? reply : Array.from({ length: size }, () => reply);
}
