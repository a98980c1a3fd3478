import type { AttemptInfo } from "@exactly-once/core/ports";
import type { UndecidedReason } from "./reconcile-observation.js";

/** How much there is on our side that may bear evidence still. */
export interface EventBacklog {
  /** Messages in the event queue, visible, invisible and delayed. */
  readonly pending: number;
  /**
   * When the oldest of them was sent, ms since the epoch, where that is known (SQS:
   * `ApproximateAgeOfOldestMessage` of CloudWatch). Without it any pending event holds everything.
   */
  readonly oldestSentAt?: number;
  /** Messages in the event queue's dead-letter queue. */
  readonly deadLettered: number;
}

export interface SilenceFacts {
  /** This machine's clock, ms since the epoch. */
  readonly now: number;
  /** SES's time of the latest email whose event has been processed. */
  readonly mark: number | undefined;
  readonly backlog: EventBacklog;
}

/** Milliseconds to allow for what can't be seen. */
export interface SilenceLimits {
  /** How long after its attempt's deadline an event may come. */
  readonly quietMs: number;
  /** How far the store's clock, SES's and this machine's may be apart. */
  readonly clockSlackMs: number;
}

export const silenceLimits: SilenceLimits = { quietMs: 15 * 60_000, clockSlackMs: 60_000 };

/** Well inside the 14 days that SQS keeps a message, and the 4 that it keeps one by default, ms. */
const maxAgeMs = 24 * 60 * 60_000;

/** The time that the clocks of all sides must have passed. */
function dueAt(
  { deadline, staleAt }: AttemptInfo,
  { quietMs, clockSlackMs }: SilenceLimits,
): number {
  return Math.max(staleAt, deadline + quietMs) + clockSlackMs;
}

/**
 * Why SES's silence about an attempt doesn't prove it unsent yet; undefined where it does, under
 * the stated assumption that SES doesn't lose the event of an email that it accepted while it
 * delivers the events of later ones.
 */
export function judgeSilence(
  attempt: AttemptInfo,
  { now, mark, backlog }: SilenceFacts,
  limits: SilenceLimits,
): UndecidedReason | undefined {
  const due = dueAt(attempt, limits);
  if (now <= due) return "tooEarly";
  if (now > attempt.deadline + maxAgeMs) return "tooOld";
  // A mark of tomorrow is somebody's mistake or lie, and proves nothing about today.
  if (mark === undefined || mark <= due || mark > now + limits.clockSlackMs) return "noLaterEvent";
  if (backlog.deadLettered > 0) return "eventsDeadLettered";
  const { pending, oldestSentAt } = backlog;
  if (pending > 0 && (oldestSentAt === undefined || oldestSentAt <= due)) return "eventsPending";
  return undefined;
}
