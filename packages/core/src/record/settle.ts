import type { AttemptRef, GrantedRecord, Outcome, Receipt, SettleReply } from "../ports/index.js";
import { effectBy, findEffect, isOf, withEffect } from "./effect.js";
import {
  holds,
  isLive,
  unexpired,
  type EffectRecord,
  type MaybeRecord,
  type NotificationRecord,
  type RecordPolicy,
  type Transition,
} from "./record.js";
import { attemptInfo } from "./view.js";
import type { Writable } from "./writable.js";

/** A provider that accepts for ever must not grow a record without bound. */
const MAX_DUPLICATES = 10;
const FOREIGN_EVIDENCE = "evidence of an attempt that the record does not know";

/**
 * Stores a fact about one attempt.
 *
 * `accepted` counts whoever brings it, in whatever state the effect is. `rejected` clears only the
 * attempt it names, and is remembered: with an earlier one still open the effect is `unknown` again.
 * `unknown` is a note by the live claim itself.
 */
export function settle(
  found: MaybeRecord,
  ref: AttemptRef,
  outcome: Outcome,
  now: number,
  granted?: GrantedRecord & RecordPolicy,
): Transition<SettleReply> {
  const record = unexpired(found, now);
  if (!record) {
    if (outcome.status !== "accepted") return { record, reply: "lost" };
    if (!granted) return { record, reply: "unknownAttempt" };
    return { record: recreated(ref, outcome.receipt, granted, now), reply: "recreated" };
  }
  switch (outcome.status) {
    case "accepted":
      return settleAccepted(record, ref, outcome.receipt, now);
    case "rejected":
      return settleRejected(record, ref, outcome.reason, now);
    case "unknown": {
      const effect = findEffect(record, ref.effect);
      const names = effect !== undefined && isOf(record, effect, ref);
      if (!names || !holds(record, ref) || !isLive(record, now)) return { record, reply: "lost" };
      if (effect.state === "unknown") return { record, reply: "settled" };
      if (effect.state !== "sending") return { record, reply: "lost" };
      const unknown = { ...effect, state: "unknown" as const, reason: outcome.reason };
      return { record: withEffect(record, unknown), reply: "settled" };
    }
  }
}

/** What is certain of a record that the store has lost: one attempt at one effect was accepted. */
function recreated(
  ref: AttemptRef,
  receipt: Receipt,
  granted: GrantedRecord & RecordPolicy,
  now: number,
): NotificationRecord {
  const { keyText, pipeline, messageId, fingerprint, retentionMs } = granted;
  return {
    ...{ key: ref.key, keyText, pipeline, messageId, fingerprint },
    state: "released",
    owner: ref.owner,
    fence: ref.fence,
    leaseUntil: now,
    claimedAt: now,
    tries: 1,
    effects: [{ ...effectBy(ref, "accepted", now), receipt }],
    waived: undefined,
    dead: undefined,
    resolutions: undefined,
    expiresAt: now + retentionMs,
  };
}

/**
 * Whether the attempt may be one of this record's: none is later than what was granted last. Where nothing
 * was granted none is, however often events name it.
 */
function mayBeOurs(effect: EffectRecord | undefined, ref: AttemptRef): boolean {
  if (!effect || effect.foreign) return false;
  if (ref.fence !== effect.fence) return ref.fence < effect.fence;
  return ref.owner === effect.owner && ref.attemptNumber <= effect.attemptNumber;
}

/**
 * An event says that the provider accepted an attempt of which the record knows nothing: of a record that was
 * lost, or forged. It doesn't satisfy the effect, which may never have been sent, nor may that be begun.
 */
function doubt(
  record: NotificationRecord,
  effect: EffectRecord | undefined,
  ref: AttemptRef,
  now: number,
): Transition<SettleReply> {
  const reply = "unknownAttempt";
  // Nothing is begun any more.
  if (record.state === "done") return { record, reply };
  if (!effect) {
    const foreign: Writable<EffectRecord> = effectBy(ref, "unknown", now, FOREIGN_EVIDENCE);
    foreign.foreign = true;
    // Nor does a refusal of that attempt free it.
    foreign.unknownSince = now;
    return { record: withEffect(record, foreign), reply };
  }
  const isDoubted = effect.state === "unknown" && effect.unknownSince !== undefined;
  if (effect.state === "dropped" || isDoubted) return { record, reply };
  const unknown = {
    ...effect,
    state: "unknown" as const,
    reason: FOREIGN_EVIDENCE,
    unknownSince: effect.unknownSince ?? effect.startedAt,
  };
  return { record: withEffect(record, unknown), reply };
}

function settleAccepted(
  record: NotificationRecord,
  ref: AttemptRef,
  receipt: Receipt,
  now: number,
): Transition<SettleReply> {
  const effect = findEffect(record, ref.effect);
  if (effect?.state === "accepted" && effect.receipt) {
    return anotherReceipt(record, effect, effect.receipt, receipt);
  }
  if (receipt.via === "event" && !mayBeOurs(effect, ref)) return doubt(record, effect, ref, now);
  const sameOne = effect !== undefined && isOf(record, effect, ref);
  const floor =
    effect?.floorFence === ref.fence
      ? Math.max(effect.floor, ref.attemptNumber)
      : (effect?.floor ?? ref.attemptNumber);
  const accepted: Writable<EffectRecord> = effectBy(ref, "accepted", now);
  accepted.floor = floor;
  accepted.floorFence = effect?.floorFence ?? ref.fence;
  if (sameOne) {
    accepted.startedAt = effect.startedAt;
    accepted.deadline = effect.deadline;
    accepted.staleAt = effect.staleAt;
  }
  accepted.receipt = receipt;
  if (record.state === "dead") accepted.settledAfterDeadLetter = true;
  const kept = withEffect(record, accepted);
  return record.state === "dead" && record.dead
    ? { record: kept, reply: { settledAfterDeadLetter: record.dead } }
    : { record: kept, reply: "settled" };
}

/** The effect is accepted already: the same proof again, a better one, or a proven duplicate. */
function anotherReceipt(
  record: NotificationRecord,
  effect: EffectRecord,
  known: Receipt,
  receipt: Receipt,
): Transition<SettleReply> {
  if (receipt.id === null || receipt.via === "simulated" || receipt.id === known.id) {
    return { record, reply: "settled" };
  }
  if (known.id === null || known.via === "simulated") {
    return { record: withEffect(record, { ...effect, receipt }), reply: "settled" };
  }
  const others = effect.duplicates ?? [];
  const reply = { duplicateOf: known };
  if (others.length >= MAX_DUPLICATES || others.some((other) => other.id === receipt.id)) {
    return { record, reply };
  }
  return { record: withEffect(record, { ...effect, duplicates: [...others, receipt] }), reply };
}

function settleRejected(
  record: NotificationRecord,
  ref: AttemptRef,
  reason: string,
  now: number,
): Transition<SettleReply> {
  const effect = findEffect(record, ref.effect);
  const ours = record.owner === ref.owner && record.fence === ref.fence;
  if (effect && isOf(record, effect, ref)) {
    if (effect.state === "rejected") return { record, reply: "settled" };
    if (effect.state === "sending" || effect.state === "unknown") {
      const state = effect.unknownSince === undefined ? "rejected" : "unknown";
      const refused = { ...effect, state, reason } as const;
      const reply: SettleReply =
        state === "rejected" ? "settled" : { unknown: attemptInfo(record, refused, now) };
      return { record: withEffect(record, refused), reply };
    }
    return { record, reply: "lost" };
  }
  if (!ours || record.state === "done" || record.state === "dead") return { record, reply: "lost" };
  if (!effect) {
    const givenUp = effectBy(ref, "rejected", now, reason);
    return { record: withEffect(record, givenUp), reply: "settled" };
  }
  if (effect.floorFence === ref.fence && effect.floor >= ref.attemptNumber)
    return { record, reply: "settled" };
  const raised = { ...effect, floor: ref.attemptNumber, floorFence: ref.fence };
  return { record: withEffect(record, raised), reply: "settled" };
}
