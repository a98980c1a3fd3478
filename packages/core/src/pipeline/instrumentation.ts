import type { Attempt, Outcome, QueueMessage } from "../ports/index.js";

/** What a message's turn came to; what becomes of the message, events tell. */
export interface Turn {
  readonly kind: "acknowledge" | "retry" | "hold" | "deadLetter" | "lost";
}

/**
 * Gives what runs for a message a context of its own, such as a tracer's: what a handler or a sender
 * calls finds it there. Each method calls `run` once, before it returns, and may look at what `run` resolves with,
 * which never rejects for `turn`.
 *
 * Whatever it does, messages and attempts go their way: `run` is called where it didn't call it, never
 * twice, and what it throws, answers or rejects with is dropped.
 */
export interface Instrumentation {
  /** Around one turn of a message: decode, claim, handler, complete. One that is held may have several. */
  turn?(message: QueueMessage, run: () => Promise<Turn>): unknown;
  /** Around the one request of an attempt. */
  attempt?(attempt: Attempt, run: () => Promise<Outcome>): unknown;
}

/** Runs it within `around`, where there is one, which can't keep it from running or change its result. */
export function within<Result>(
  around: ((run: () => Promise<Result>) => unknown) | undefined,
  run: () => Promise<Result>,
): Promise<Result> {
  if (!around) return run();
  let running: Promise<Result> | undefined;
  const once = (): Promise<Result> => (running ??= run());
  try {
    Promise.resolve(around(once)).catch(dropped);
  } catch {
    // Its fault is not the message's.
  }
  return once();
}

function dropped(): void {}
