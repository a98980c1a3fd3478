import type { HoldReason, RetryReason } from "../events.js";
import type { AttemptInfo } from "../ports/index.js";

/** What one try at a message came to. What is done about it, `conclude` decides. */
export type Disposition = Acknowledge | Retry | Hold | DeadLetter | Lost;

/** Its record is done: it may leave the queue. */
export interface Acknowledge {
  readonly kind: "acknowledge";
}

export interface Retry {
  readonly kind: "retry";
  readonly reason: RetryReason;
  /** Milliseconds; `undefined` takes the pipeline's back-off. */
  readonly delayMs?: number;
  /** Whether this try counts toward the retry budget: not for pauses and outages. */
  readonly counts: boolean;
  readonly error?: unknown;
  /** The effect whose provider refused it, or isn't to be asked. */
  readonly effect?: string;
  /** Attempts at the key's effects so far, should this have been the last try. */
  readonly attemptIds?: readonly string[];
}

export interface Hold {
  readonly kind: "hold";
  readonly reason: HoldReason;
  readonly attempts: readonly AttemptInfo[];
  /** Milliseconds until a first look makes sense; `undefined` leaves it to the hold. */
  readonly retryAfterMs?: number;
  /** The effect whose provider it waits for; without one it is any of the pipeline's. */
  readonly effect?: string | undefined;
  /** What was decided already and has to wait: goes on with it instead of another try. */
  readonly letter?: DeadLetter;
}

export interface DeadLetter {
  readonly kind: "deadLetter";
  readonly code: string;
  /** Without personal data. */
  readonly text: string;
  /** Every attempt known at the key's effects. */
  readonly attemptIds: readonly string[];
  /** Whether the key's record is this message's own and is buried first. */
  readonly bury: boolean;
}

/** Somebody else may have it: leave it alone. */
export interface Lost {
  readonly kind: "lost";
  /** Whether its handler was at it: that stays a try of the message's own. */
  readonly counts: boolean;
}

export const ACKNOWLEDGE: Acknowledge = { kind: "acknowledge" };

export const LOST: Lost = { kind: "lost", counts: false };

/** Lost while its handler ran. */
export const LOST_AT_WORK: Lost = { kind: "lost", counts: true };

export const PAUSED: Hold = { kind: "hold", reason: "paused", attempts: [] };

/** Back to the queue at once, for whoever goes on. */
export const DRAINING: Retry = { kind: "retry", reason: "draining", delayMs: 0, counts: false };

/** Of a message behind one of its FIFO group that goes back: it must not overtake it. */
export const SIBLING: Retry = { kind: "retry", reason: "sibling", delayMs: 0, counts: false };

/** The store is well, but can't read this key's record: no try, and nobody else's trouble. */
export function unreadable(error: unknown): Retry {
  return { kind: "retry", reason: "unreadable", counts: false, error };
}

export function storeDown(error?: unknown): Retry {
  return {
    kind: "retry",
    reason: "storeDown",
    counts: false,
    ...(error === undefined ? {} : { error }),
  };
}

/** Nothing was begun: that is no try. @param delayMs until its provider may be asked again */
export function providerDown(delayMs: number): Retry {
  return { kind: "retry", reason: "providerDown", delayMs: Math.max(0, delayMs), counts: false };
}
