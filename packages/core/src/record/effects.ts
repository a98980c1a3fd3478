import type {
  AttemptRef,
  AttemptStart,
  BeginReply,
  EffectBlock,
  GrantedRecord,
  BlockReply,
  Outcome,
  Receipt,
  ResolveReply,
  Resolver,
  SettleReply,
  Verdict,
} from "../ports/index.js";
import { formatAttemptId, sameWithinKey } from "../identity/attempt-id.js";
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
import { attemptInfo, seenState } from "./view.js";
import type { Writable } from "./writable.js";

/** A provider that accepts for ever must not grow a record without bound. */
const MAX_DUPLICATES = 10;
/** Nor must a policy that has a word before each try. */
const MAX_RESOLUTIONS = 20;
const FOREIGN_EVIDENCE = "evidence of an attempt that the record does not know";

function findEffect(record: NotificationRecord, name: string): EffectRecord | undefined {
  return record.effects.find((effect) => effect.effect === name);
}

/** Whether the effect's state speaks of this very attempt. */
function isOf(record: NotificationRecord, effect: EffectRecord, ref: AttemptRef): boolean {
  return record.key === ref.key && sameWithinKey(effect, ref);
}

/** Also binds `fingerprint`, where one is given, and keeps a record with an effect from expiring. */
function withEffect(
  record: NotificationRecord,
  changed: EffectRecord,
  fingerprint = record.fingerprint,
): NotificationRecord {
  const known = record.effects.findIndex(({ effect }) => effect === changed.effect);
  const effects = known < 0 ? [...record.effects, changed] : record.effects.with(known, changed);
  const expiresAt = record.state === "done" ? record.expiresAt : undefined;
  return { ...record, fingerprint, expiresAt, effects };
}

/** An effect as this attempt leaves it, with nothing known but that. */
function effectBy(
  ref: AttemptRef,
  state: EffectRecord["state"],
  now: number,
  reason?: string,
): EffectRecord {
  return {
    effect: ref.effect,
    state,
    owner: ref.owner,
    fence: ref.fence,
    attemptNumber: ref.attemptNumber,
    floor: ref.attemptNumber,
    floorFence: ref.fence,
    startedAt: now,
    deadline: now,
    staleAt: now,
    unknownSince: undefined,
    reason,
    receipt: undefined,
    duplicates: undefined,
    allowed: undefined,
    settledAfterDeadLetter: undefined,
    foreign: undefined,
  };
}

/**
 * Grants one attempt to a live claim, durably, before the first byte goes to the provider.
 *
 * Granted once: only the identical (owner, fence, attemptNumber), still `sending`, is a replay. One at or
 * below one that was begun or given up under this claim is `lost`, whenever it arrives. An `unknown` effect
 * is begun again only where the provider is certain to take the request for the first one's.
 */
export function begin(
  found: MaybeRecord,
  start: AttemptStart,
  now: number,
): Transition<BeginReply> {
  const record = unexpired(found, now);
  if (!record) return { record, reply: "lost" };
  const effect = findEffect(record, start.effect);
  if (effect?.state === "accepted") {
    return { record, reply: { accepted: effect.receipt ?? noReceipt(now) } };
  }
  if (!holds(record, start) || !isLive(record, now) || isOtherContent(record, start)) {
    return { record, reply: "lost" };
  }
  switch (effect?.state) {
    case "sending":
      return isOf(record, effect, start)
        ? { record, reply: "granted" }
        : { record, reply: { unknown: unknownInfo(record, effect, now) } };
    case "unknown":
      if (!mayRepeat(effect, start, now)) {
        return { record, reply: { unknown: attemptInfo(record, effect, now) } };
      }
      if (isBelowFloor(effect, start)) return { record, reply: "lost" };
      break;
    case "blocked":
      return { record, reply: { blocked: attemptInfo(record, effect, now) } };
    case "dropped":
      return { record, reply: { dropped: attemptInfo(record, effect, now) } };
    case "rejected":
      if (isBelowFloor(effect, start)) return { record, reply: "lost" };
      break;
    case undefined:
      break;
  }
  const deadline = now + start.timeoutMs;
  const sending: Writable<EffectRecord> = effectBy(start, "sending", now);
  sending.deadline = deadline;
  sending.staleAt = deadline + start.validityMs;
  sending.allowed = effect?.allowed;
  keepOpen(sending, effect);
  return { record: withEffect(record, sending, start.fingerprint), reply: "granted" };
}

/** Whether whatever is still sent of the attempt comes while the provider knows the earliest one. */
function mayRepeat(effect: EffectRecord, start: AttemptStart, now: number): boolean {
  if (start.repeatWithinMs === undefined) return false;
  const since = effect.unknownSince ?? effect.startedAt;
  return now + start.timeoutMs + start.validityMs < since + start.repeatWithinMs;
}

/** What came before another attempt (or a block) and isn't proven unsent stays so. */
function keepOpen(next: Writable<EffectRecord>, before: EffectRecord | undefined): void {
  if (before === undefined) return;
  const since = before.unknownSince ?? (before.state === "unknown" ? before.startedAt : undefined);
  if (since === undefined) return;
  next.unknownSince = since;
  next.staleAt = Math.max(next.staleAt, before.staleAt);
}

/** Blocks an effect that was never begun, or whose last attempt was rejected. */
export function block(found: MaybeRecord, item: EffectBlock, now: number): Transition<BlockReply> {
  const record = unexpired(found, now);
  if (!record || !holds(record, item) || !isLive(record, now) || isOtherContent(record, item)) {
    return { record, reply: "lost" };
  }
  const effect = findEffect(record, item.effect);
  if (effect?.state === "blocked" && isOf(record, effect, item)) {
    return { record, reply: "blocked" };
  }
  // A late copy must not block again what an operator has allowed since.
  if (effect?.state === "rejected" && isBelowFloor(effect, item)) return { record, reply: "lost" };
  if (effect && effect.state !== "rejected") {
    return { record, reply: { refused: attemptInfo(record, effect, now) } };
  }
  const blocked: Writable<EffectRecord> = effectBy(item, "blocked", now, item.reason);
  keepOpen(blocked, effect);
  return { record: withEffect(record, blocked, item.fingerprint), reply: "blocked" };
}

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

/**
 * An operator's or reconciler's verdict on the attempt it names. "Not sent" is only sound once the
 * provider must refuse whatever a paused process still sends: deadline plus signature validity.
 */
export function resolve(
  found: MaybeRecord,
  ref: AttemptRef,
  verdict: Verdict,
  who: Resolver,
  now: number,
): Transition<ResolveReply> {
  const record = unexpired(found, now);
  const effect = record && findEffect(record, ref.effect);
  if (!record || !effect || !isOf(record, effect, ref)) {
    return { record, reply: "notFound" };
  }
  const state = seenState(record, effect, now);
  const already = { record, reply: { already: state } } as const;
  const resolved = (changed: EffectRecord, word: string): Transition<ResolveReply> => ({
    record: noteResolution(withEffect(record, changed), ref, word, who, now),
    reply: "resolved",
  });
  if (typeof verdict === "object") {
    if (record.fingerprint === verdict.acceptPayload) return already;
    const rebound = { ...record, fingerprint: verdict.acceptPayload };
    return {
      record: noteResolution(rebound, ref, "accept-payload", who, now),
      reply: "resolved",
    };
  }
  const late = record.state === "dead" ? { settledAfterDeadLetter: true } : {};
  switch (verdict) {
    case "sent": {
      if (state === "sending") return { record, reply: { tooEarly: effect.staleAt } };
      // Proof counts whoever brings it, also of an attempt that was taken for rejected.
      if (state !== "unknown" && state !== "rejected") return already;
      const receipt: Receipt = { id: null, at: now, via: "operator" };
      const accepted = { ...effect, state: "accepted", unknownSince: undefined } as const;
      return resolved({ ...accepted, receipt, ...late }, verdict);
    }
    case "not-sent":
      if (state !== "unknown" && state !== "sending") return already;
      if (state === "sending" || now < effect.staleAt) {
        return { record, reply: { tooEarly: Math.max(effect.staleAt, now + 1) } };
      }
      // Of all that were begun so far: `staleAt` is the last one's.
      return resolved(
        { ...effect, state: "rejected", reason: "resolved not sent", unknownSince: undefined },
        verdict,
      );
    case "resend": {
      if (state !== "unknown") return already;
      const unknownSince = effect.unknownSince ?? effect.startedAt;
      return resolved(
        { ...effect, state: "rejected", reason: "resend by policy", unknownSince },
        verdict,
      );
    }
    case "allow":
      if (state !== "blocked") return already;
      return resolved({ ...effect, state: "rejected", allowed: true }, verdict);
    case "drop":
      if (state !== "blocked") return already;
      return resolved({ ...effect, state: "dropped" }, verdict);
  }
}

function noteResolution(
  record: NotificationRecord,
  ref: AttemptRef,
  verdict: string,
  who: Resolver,
  now: number,
): NotificationRecord {
  const note = { attemptId: formatAttemptId(ref), verdict, by: who.by, why: who.why, at: now };
  // Somebody looked at it: that is a new start. A policy's word is none.
  const tries = verdict === "resend" ? record.tries : 0;
  return {
    ...record,
    tries,
    resolutions: [...(record.resolutions ?? []), note].slice(-MAX_RESOLUTIONS),
  };
}

function isOtherContent(
  record: NotificationRecord,
  start: { readonly fingerprint: string },
): boolean {
  return record.fingerprint !== undefined && record.fingerprint !== start.fingerprint;
}

function isBelowFloor(effect: EffectRecord, start: AttemptRef): boolean {
  return effect.floorFence === start.fence && start.attemptNumber <= effect.floor;
}

function unknownInfo(record: NotificationRecord, effect: EffectRecord, now: number) {
  return { ...attemptInfo(record, effect, now), state: "unknown" as const };
}

function noReceipt(now: number): Receipt {
  return { id: null, at: now, via: "operator" };
}
