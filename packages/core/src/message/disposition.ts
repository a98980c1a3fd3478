import type { HoldReason, RetryReason } from "../events.js";
import type { AttemptInfo, Lease } from "../ports/index.js";

/** What becomes of a message after one try at it. */
export type Disposition =
  /** Its record is done: it may leave the queue. */
  | { readonly kind: "acknowledge" }
  | {
      readonly kind: "retry";
      readonly reason: RetryReason;
      /** Milliseconds; `undefined` takes the pipeline's backoff. */
      readonly delayMs?: number;
      /** Whether this try counts toward the retry budget: not for pauses and outages. */
      readonly counts: boolean;
      readonly error?: unknown;
      /** Attempts at the key's effects so far, should this have been the last try. */
      readonly attemptIds?: readonly string[];
    }
  | {
      readonly kind: "hold";
      readonly reason: HoldReason;
      readonly attempts: readonly AttemptInfo[];
      /** Milliseconds until a first look makes sense; `undefined` leaves it to the hold. */
      readonly retryAfterMs?: number;
    }
  | {
      readonly kind: "deadLetter";
      readonly code: string;
      /** Without personal data. */
      readonly text: string;
      /** Every attempt known at the key's effects. */
      readonly attemptIds: readonly string[];
      /** Whether the key's record is this message's own and is buried first. */
      readonly bury: boolean;
      readonly claim?: Lease;
    }
  /** Somebody else may have it: leave it alone. */
  | { readonly kind: "lost" };

export const ACKNOWLEDGE: Disposition = { kind: "acknowledge" };

/** Back to the queue at once, for whoever goes on. */
export const DRAINING = {
  kind: "retry",
  reason: "draining",
  delayMs: 0,
  counts: false,
} as const satisfies Disposition;
