import type { HoldReason } from "../events.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import type { AttemptInfo, RecordView } from "../ports/index.js";
import { firstLookDelay } from "./back-off.js";
import type { DeadLetter, Hold } from "./disposition.js";

/** What a look at a held message says. */
export type Look =
  | {
      readonly kind: "wait";
      /** Milliseconds until another look makes sense; `undefined` leaves it to the hold. */
      readonly forMs?: number;
    }
  | {
      readonly kind: "goOn";
      /** What it goes on with instead of another try. */
      readonly letter?: DeadLetter;
    };

/** What a look goes by. */
export interface LookFacts {
  /** `undefined` where the message didn't come that far. */
  readonly pipeline: Pipeline | undefined;
  readonly storeIsDown: boolean;
  /** Milliseconds until its provider may be asked again; 0 where it may be now. */
  readonly unavailableForMs: number;
  /** Whether sending is paused for the message's pipeline. */
  readonly paused: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const WAIT: Look = { kind: "wait" };
const GO_ON: Look = { kind: "goOn" };
const HELD_TOO_LONG = "heldTooLong";

/** Holds that end by a fact about the key. */
const READS_RECORD: ReadonlySet<HoldReason> = new Set([
  "unknown",
  "tripwire",
  "busy",
  "deadLetter",
  "unreadable",
]);

/** Whether the hold's looks need the record. */
export function readsRecord({ reason }: Hold): boolean {
  return READS_RECORD.has(reason);
}

/**
 * Milliseconds until the first look at a held message.
 *
 * @param holds how often it was held before
 */
export function firstLookMs({ reason, retryAfterMs }: Hold, holds: number): number {
  const delayMs = firstLookDelay(holds);
  // Another owner's lease ends late, but what it does is mostly done soon; and evidence may come
  // at any time.
  const early = reason === "busy" || reason === "deadLetter";
  return early ? Math.min(delayMs, retryAfterMs ?? delayMs) : (retryAfterMs ?? delayMs);
}

/**
 * Whether a held message goes on, and with what.
 *
 * @param record a fresh reading, where the hold needs one
 */
export function look(hold: Hold, record: RecordView | undefined, facts: LookFacts): Look {
  switch (hold.reason) {
    case "storeDown":
      return facts.storeIsDown ? WAIT : GO_ON;
    case "providerDown":
      return facts.unavailableForMs > 0 ? { kind: "wait", forMs: facts.unavailableForMs } : GO_ON;
    case "paused":
      return facts.paused ? WAIT : GO_ON;
    case "throttled":
    case "deferred":
    case "backOff":
    case "unreadable": // Only a record that can be read gets as far as this.
      return GO_ON;
    case "deadLetterFailed":
      return goOn(hold);
    case "unknown":
    case "tripwire":
    case "busy":
    case "deadLetter":
      return facts.pipeline ? lookAtRecord(hold, record, facts, facts.pipeline) : GO_ON;
  }
}

function lookAtRecord(
  hold: Hold,
  record: RecordView | undefined,
  { now }: LookFacts,
  pipeline: Pipeline,
): Look {
  if (!record || record.state === "done" || record.state === "dead") return goOn(hold);
  if (record.live) return WAIT;
  if (hold.reason === "busy") return GO_ON;
  const open = record.effects.filter(({ state }) => state === "unknown" || state === "blocked");
  if (open.length === 0) return settled(hold);
  if (hold.reason === "deadLetter") {
    return now < Math.max(...open.map(({ staleAt }) => staleAt)) ? WAIT : goOn(hold);
  }
  const heldMs = now - Math.min(...open.map(({ startedAt }) => startedAt));
  if (heldMs >= pipeline.holdForMs) {
    return { kind: "goOn", letter: heldTooLong(hold.reason, heldMs, open) };
  }
  const canAsk = Object.values(pipeline.effects).some((sender) => sender.lookup);
  return canAsk && hold.reason === "unknown" ? GO_ON : WAIT;
}

/** Evidence came, also while the burial of a message that was held too long had to wait. */
function settled({ letter }: Hold): Look {
  return letter === undefined || letter.code === HELD_TOO_LONG ? GO_ON : { kind: "goOn", letter };
}

function goOn({ letter }: Hold): Look {
  return letter === undefined ? GO_ON : { kind: "goOn", letter };
}

function heldTooLong(reason: HoldReason, heldMs: number, open: readonly AttemptInfo[]): DeadLetter {
  const text = `Held for ${Math.round(heldMs / 1000)} s without evidence (${reason}).`;
  const attemptIds = open.map(({ attemptId }) => attemptId);
  return { kind: "deadLetter", code: HELD_TOO_LONG, text, attemptIds, bury: true };
}
