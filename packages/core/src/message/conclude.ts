import { EffectRejectedError, ExactlyOnceError, LeaseLostError } from "../errors.js";
import { isIdentifier } from "../serialize-event.js";
import type { EventBody } from "../events.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import { DEFAULT_RETRY } from "../pipeline/retry.js";
import type { BuryReply, DeadLetterReply } from "../ports/index.js";
import { awayDelay, outageDelay, retryDelay } from "./back-off.js";
import {
  DRAINING,
  type DeadLetter,
  type Disposition,
  type Hold,
  type Retry,
} from "./disposition.js";

/** What decides, beside its disposition, what becomes of a message. */
export interface Facts {
  /**
   * Where a message can wait for something:
   *
   * - `inPlace`: here, hidden in the queue, for as long as it takes
   * - `nowhere`: this process is ending and hands back what it has
   * - `inQueue`: this host can't stop receiving, and freezes between invocations (Lambda): what waits is hidden
   *   for long enough
   */
  readonly waits: "inPlace" | "nowhere" | "inQueue";
  readonly receiveCount: number;
  /** From this receive on it isn't handed back where it can wait: the queue would take it away soon. */
  readonly lastReceive: number | undefined;
  /** The queue's own count: what was received so often and is handed back is moved by the queue. */
  readonly mostReceives: number | undefined;
  /** How often the message was tried, this time included. */
  readonly tries: number;
  /** Tries a message gets before we dead-letter it; `undefined` leaves it to the queue. */
  readonly maxTries: number | undefined;
  /** Whether others of its FIFO group are behind it: what it costs in receives, it costs them, too. */
  readonly leads: boolean;
  /** `undefined` where the message didn't come that far. */
  readonly pipeline: Pipeline | undefined;
  /** Whether it has a claim on its key: then the record is its own to bury. */
  readonly claimed: boolean;
  /** Milliseconds for which the provider's trouble has kept it; `undefined` while the provider is well. */
  readonly troubledForMs: number | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly random: () => number;
}

/** What there is to do about a message. `tell` is the event that says so. */
export type Action = FinalAction | DeadLetterStep;

/** What its host does about a message. */
export type FinalAction =
  /** The record is terminal: delete the message; its FIFO group goes on. */
  | { readonly kind: "leaveQueue"; readonly tell?: Told }
  /** Release the claim, give its FIFO group back, and make it visible after the delay. */
  | { readonly kind: "handBack"; readonly delayMs: number; readonly tell: Told }
  /** Release the claim and wait in place, without a slot. Only where `Facts.waits` says that it can. */
  | { readonly kind: "hold"; readonly hold: Hold; readonly tell: Told }
  /** Release the claim and its FIFO group's place, and leave the message itself alone. */
  | { readonly kind: "letGo" };

/** What comes before that for a dead letter: see `dead-letter.ts`. */
export type DeadLetterStep =
  /** Bury the record, then ask `afterBurial`. */
  | { readonly kind: "bury"; readonly letter: DeadLetter }
  /** Copy it to the dead-letter queue, then ask `afterCopy`. */
  | { readonly kind: "copy"; readonly letter: DeadLetter };

type WithoutFacts<Event> = Event extends unknown
  ? Omit<Event, "messageId" | "pipeline" | "key" | "groupId" | "receiveCount">
  : never;
/** An event about a message, but for what each of them bears (`MessageFacts`). */
export type Told = WithoutFacts<
  Extract<EventBody, { type: "retry" | "held" | "deadLettered" | "deadLetterImpossible" }>
>;

/** Milliseconds until a copy that wasn't permitted is tried again. */
const DENIED_MS = 30_000;
const LEAVE_QUEUE: Action = { kind: "leaveQueue" };
const LET_GO: Action = { kind: "letGo" };

/** The one place that says what becomes of a message, in every host. */
export function decide(disposition: Disposition, facts: Facts): Action {
  switch (disposition.kind) {
    case "acknowledge":
      return LEAVE_QUEUE;
    case "lost":
      return LET_GO;
    case "deadLetter":
      return disposition.bury && facts.pipeline
        ? { kind: "bury", letter: disposition }
        : { kind: "copy", letter: disposition };
    case "hold":
      return wait(disposition, facts);
    case "retry":
      return tryAgain(disposition, facts);
  }
}

/**
 * Whether the message's claim stays counted as a try: what wasn't its own doing is no try, and what nothing
 * is known of is one.
 *
 * @param action what was decided about the disposition
 */
export function countsAsTry(disposition: Disposition, action: Action): boolean {
  switch (disposition.kind) {
    case "acknowledge":
    case "deadLetter":
      return true;
    case "lost":
      return disposition.counts;
    case "hold":
      return disposition.letter !== undefined;
    case "retry":
      return disposition.counts && !isExcused(disposition, action);
  }
}

/** Whether it waits for its provider instead, or only because its process ends. */
function isExcused({ reason }: Retry, action: Action): boolean {
  if (action.kind === "hold") return action.hold.reason === "providerDown";
  if (action.kind !== "handBack") return false;
  return action.tell.type === "held" || ("reason" in action.tell && action.tell.reason !== reason);
}

/** @param reply the store's, or why there is none: the process ended before the store was back */
export function afterBurial(
  letter: DeadLetter,
  reply: BuryReply | { readonly unanswered: unknown },
  facts: Facts,
): Action {
  if (reply === "dead") return { kind: "copy", letter };
  if (reply === "done") return LEAVE_QUEUE;
  if (reply === "busy") return LET_GO;
  if ("unanswered" in reply) return notCopied(facts, reply.unanswered);
  // An attempt could still be accepted: the burial waits until it can't.
  const retryAfterMs = Math.max(1_000, reply.tooEarly - facts.now());
  return wait({ kind: "hold", reason: "deadLetter", attempts: [], retryAfterMs, letter }, facts);
}

/** @returns what to do, and for a failure that is to be told of beside it, that event, too */
export function afterCopy(
  letter: DeadLetter,
  reply: DeadLetterReply,
  facts: Facts,
): { readonly action: Action; readonly tell?: Told } {
  const { code, text } = letter;
  if (reply === "copied") {
    return { action: { kind: "leaveQueue", tell: { type: "deadLettered", code, text } } };
  }
  if ("failed" in reply) return { action: copyLater(letter, failure(facts), facts, reply.failed) };
  const tell: Told = { type: "deadLetterImpossible", code, why: reply.denied };
  return { action: copyLater(letter, DENIED_MS, facts), tell };
}

/** Waits in place, with its group behind it: handed back, both would be moved by the queue some day. */
function copyLater(
  letter: DeadLetter,
  retryAfterMs: number,
  facts: Facts,
  failed?: string,
): Action {
  if (facts.waits !== "inPlace") {
    return notCopied(facts, failed === undefined ? undefined : new Error(failed));
  }
  return holdInPlace({
    kind: "hold",
    reason: "deadLetterFailed",
    attempts: [],
    retryAfterMs,
    letter,
  });
}

function notCopied(facts: Facts, error?: unknown): Action {
  const delayMs = facts.waits === "inQueue" ? outage(facts) : failure(facts);
  return handBack({ kind: "retry", reason: "deadLetterFailed", counts: false, error }, delayMs);
}

function tryAgain(retry: Retry, facts: Facts): Action {
  const hold = holdInstead(retry, facts);
  if (hold && facts.waits === "inPlace") return holdInPlace(hold);
  // Of an outage of its provider a message is no more guilty where it can't wait in place.
  if (hold?.reason === "providerDown") return wait(hold, facts);
  if (retry.counts && areTriesSpent(facts)) return decide(retriesExhausted(retry, facts), facts);
  if (isMovedByQueue(retry.reason, facts)) {
    const { reason, counts, attemptIds = [] } = retry;
    return decide(receivesSpent(reason, counts, attemptIds, facts), facts);
  }
  if (retry.reason === "storeDown" && facts.waits === "inQueue") {
    return handBack(retry, outage(facts));
  }
  // A release that can read the record may take it from the queue.
  if (retry.reason === "unreadable") return handBack(retry, away(facts));
  return handBack(retry, retry.delayMs ?? failure(facts));
}

/**
 * An outage is no fault of the message: it waits in place. Handed back, it would burn a receive for
 * each look at somebody else's trouble, until the queue's own redrive policy took it away.
 */
function holdInstead({ reason, delayMs, effect }: Retry, facts: Facts): Hold | undefined {
  const retryAfterMs = delayMs ?? 1_000;
  switch (reason) {
    case "storeDown":
      return { kind: "hold", reason, attempts: [] };
    case "throttled":
      return { kind: "hold", reason, attempts: [], retryAfterMs };
    case "deferred":
      return staysHere(facts) ? { kind: "hold", reason, attempts: [], retryAfterMs } : undefined;
    case "unreadable":
      return isLastReceive(facts) ? { kind: "hold", reason, attempts: [] } : undefined;
    case "providerDown":
      return { kind: "hold", reason, attempts: [], retryAfterMs, effect };
    case "rejected":
      // A message that alone is refused again and again looks like an outage, too.
      return facts.troubledForMs !== undefined &&
        facts.troubledForMs < (facts.pipeline?.holdForMs ?? 0)
        ? { kind: "hold", reason: "providerDown", attempts: [], effect }
        : backOffHere(facts);
    case "error":
    case "unsettled":
    case "decoderFault":
      return backOffHere(facts);
    default:
      return undefined;
  }
}

function backOffHere(facts: Facts): Hold | undefined {
  if (areTriesSpent(facts) || !staysHere(facts)) return undefined;
  return { kind: "hold", reason: "backOff", attempts: [], retryAfterMs: failure(facts) };
}

/** Where going back would cost others their receives, or be its own end. */
function staysHere(facts: Facts): boolean {
  return facts.leads || isLastReceive(facts);
}

function areTriesSpent({ maxTries, tries }: Facts): boolean {
  return maxTries !== undefined && tries >= maxTries;
}

function wait(hold: Hold, facts: Facts): Action {
  if (facts.waits === "inPlace") return holdInPlace(hold);
  if (hold.letter === undefined && isMovedByQueue(hold.reason, facts)) {
    const attemptIds = hold.attempts.map(({ attemptId }) => attemptId);
    return decide(receivesSpent(hold.reason, false, attemptIds, facts), facts);
  }
  if (facts.waits === "nowhere") return handBack(DRAINING, 0);
  const { reason, attempts, retryAfterMs } = hold;
  const delayMs = retryAfterMs ?? away(facts);
  return { kind: "handBack", delayMs, tell: { type: "held", reason, attempts } };
}

function holdInPlace(hold: Hold): Action {
  const { reason, attempts } = hold;
  return { kind: "hold", hold, tell: { type: "held", reason, attempts } };
}

function handBack({ reason, error }: Retry, delayMs: number): Action {
  const cause = error === undefined ? {} : { error };
  return { kind: "handBack", delayMs, tell: { type: "retry", reason, delayMs, ...cause } };
}

function failure({ pipeline, tries, random }: Facts): number {
  return retryDelay(pipeline?.retry ?? DEFAULT_RETRY, tries, random());
}

function away({ receiveCount, random }: Facts): number {
  return awayDelay(receiveCount, random());
}

function outage({ receiveCount, random }: Facts): number {
  return outageDelay(receiveCount, random());
}

function isLastReceive({ lastReceive, receiveCount }: Facts): boolean {
  return lastReceive !== undefined && receiveCount >= lastReceive;
}

/** Where the store can't be asked, or not about this record, only the queue can do anything. */
const LEFT_TO_QUEUE: ReadonlySet<string> = new Set(["storeDown", "unreadable", "deadLetterFailed"]);

/**
 * Whether the queue's own redrive would take it once it is handed back: without a reason, while its record
 * goes on, and out of order.
 */
function isMovedByQueue(reason: string, { mostReceives, receiveCount }: Facts): boolean {
  return mostReceives !== undefined && receiveCount >= mostReceives && !LEFT_TO_QUEUE.has(reason);
}

/** The dead letter of a message that would have been tried again: nothing speaks against a redrive. */
function receivesSpent(
  reason: string,
  counts: boolean,
  attemptIds: readonly string[],
  { receiveCount, tries }: Facts,
): DeadLetter {
  const tried = counts ? tries : tries - 1;
  const text = `Received ${receiveCount} times, tried ${tried}: handed back (${reason}), the queue would have moved it.`;
  return { kind: "deadLetter", code: "receivesSpent", text, attemptIds, bury: true };
}

/** The dead letter of a message whose last try failed. */
function retriesExhausted(retry: Retry, { receiveCount, tries, claimed }: Facts): DeadLetter {
  const { reason, error, attemptIds = [] } = retry;
  const text = `Received ${receiveCount} times, tried ${tries}, the last time ended by ${reason}${describeError(error)}`;
  return { kind: "deadLetter", code: "retriesExhausted", text, attemptIds, bury: claimed };
}

/** An error of ours says what to do, and bears no personal data. Another's text may: only its kind is told. */
function describeError(error: unknown): string {
  if (error instanceof ExactlyOnceError) return ` (${error.code}): ${lastWords(error)}`;
  if (!(error instanceof Error)) return ".";
  const code: unknown = "code" in error ? error.code : undefined;
  const kind = [error.name, code].filter(isIdentifier).join(" ");
  return kind === "" ? "." : ` (${kind}).`;
}

/** What an error says to a handler of what comes next isn't true of its last try. */
function lastWords(error: ExactlyOnceError): string {
  if (error instanceof EffectRejectedError) {
    return `Effect ${error.effect} was rejected: ${error.reason}.`;
  }
  if (error instanceof LeaseLostError) return `The lease ended: ${error.reason}.`;
  return error.message;
}
