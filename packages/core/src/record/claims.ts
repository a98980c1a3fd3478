import type {
  Burial,
  BuryReply,
  ClaimReply,
  ClaimRequest,
  CompleteReply,
  Completion,
  Lease,
  LeaseExtension,
  Release,
} from "../ports/index.js";
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
import { attemptInfo, attemptInfos } from "./view.js";

/**
 * Grants the key to the first who asks, and to the next once the lease is over.
 *
 * A replay by the same owner under a live lease answers the same fence and moves nothing.
 */
export function claim(
  found: MaybeRecord,
  request: ClaimRequest,
  now: number,
  policy: RecordPolicy,
): Transition<ClaimReply> {
  const record = unexpired(found, now);
  if (!record) return grantClaim(undefined, request, now, policy);
  const effects = attemptInfos(record, now);
  if (record.state === "dead" && record.dead?.messageId === request.messageId) {
    return { record, reply: { status: "dead", reason: record.dead.reason, effects } };
  }
  if (record.fingerprint !== undefined && record.fingerprint !== request.fingerprint) {
    return { record, reply: { status: "conflict", bound: record.fingerprint, effects } };
  }
  if (record.state === "done" && !mustRedoLive(record, request)) {
    const seen = { ...record, expiresAt: now + policy.retentionMs };
    return { record: seen, reply: { status: "done", effects } };
  }
  if (isLive(record, now)) {
    if (record.owner === request.owner) {
      const { fence, tries } = record;
      return { record, reply: { status: "claimed", fence, effects, tries, unended: false } };
    }
    // A clock that stepped back makes leases seem long.
    const retryAfterMs = Math.min(record.leaseUntil - now, request.leaseMs);
    return { record, reply: { status: "busy", retryAfterMs, since: record.claimedAt } };
  }
  return grantClaim(record, request, now, policy);
}

/** A dry run's simulated receipts never satisfy a live claim. */
function mustRedoLive(record: NotificationRecord, request: ClaimRequest): boolean {
  return request.simulated !== true && record.effects.some(isSimulated);
}

function isSimulated(effect: EffectRecord): boolean {
  return effect.state === "accepted" && effect.receipt?.via === "simulated";
}

function grantClaim(
  before: MaybeRecord,
  request: ClaimRequest,
  now: number,
  policy: RecordPolicy,
): Transition<ClaimReply> {
  const kept = before === undefined ? NO_EFFECTS : keptEffects(before, request);
  const record: NotificationRecord = {
    key: request.key,
    keyText: request.keyText,
    pipeline: request.pipeline,
    state: "claimed",
    owner: request.owner,
    fence: (before?.fence ?? 0) + 1,
    leaseUntil: now + request.leaseMs,
    claimedAt: now,
    messageId: request.messageId,
    tries: triesOf(before) + 1,
    fingerprint: before?.fingerprint,
    effects: kept,
    waived: undefined,
    dead: undefined,
    resolutions: before?.resolutions,
    expiresAt: kept.length === 0 ? now + request.leaseMs + policy.retentionMs : undefined,
  };
  const { fence, tries } = record;
  const effects = attemptInfos(record, now);
  const unended = before?.state === "claimed";
  return { record, reply: { status: "claimed", fence, effects, tries, unended } };
}

/** Tries so far of what is claimed again. */
function triesOf(before: MaybeRecord): number {
  return before?.state === "claimed" || before?.state === "released" ? before.tries : 0;
}

const NO_EFFECTS: readonly EffectRecord[] = [];

function keptEffects(before: NotificationRecord, request: ClaimRequest): EffectRecord[] {
  return before.effects
    .filter((effect) => request.simulated === true || !isSimulated(effect))
    .map(sendingToUnknown);
}

function sendingToUnknown(effect: EffectRecord): EffectRecord {
  return effect.state === "sending" ? { ...effect, state: "unknown" } : effect;
}

/** Moves a live lease further out. It can't revive one that is over, and never shortens one. */
export function extend(
  found: MaybeRecord,
  item: LeaseExtension,
  now: number,
  policy: RecordPolicy,
): Transition<"extended" | "lost"> {
  const record = unexpired(found, now);
  if (!record || !holds(record, item) || !isLive(record, now)) return { record, reply: "lost" };
  const leaseUntil = Math.max(record.leaseUntil, now + item.leaseMs);
  const expiresAt = record.expiresAt === undefined ? undefined : leaseUntil + policy.retentionMs;
  return { record: { ...record, leaseUntil, expiresAt }, reply: "extended" };
}

/**
 * Ends the key's work for good. Looks at owner and fence, not at the lease, nor at a release: nobody else
 * having claimed is what matters. Refused while any effect ever begun isn't accepted, dropped or waived.
 */
export function complete(
  found: MaybeRecord,
  item: Completion,
  now: number,
  policy: RecordPolicy,
): Transition<CompleteReply> {
  const record = unexpired(found, now);
  if (record?.state === "done" && record.owner === item.owner && record.fence === item.fence) {
    return { record, reply: "done" };
  }
  if (!record || !(holds(record, item) || wasReleasedBy(record, item))) {
    return { record, reply: "lost" };
  }
  const { waived } = item;
  if (record.effects.some((effect) => isOpenTo(effect, waived))) {
    const open = record.effects.filter((effect) => isOpenTo(effect, waived));
    const unresolved = open.map((effect) => attemptInfo(record, effect, now));
    return { record, reply: { unresolved } };
  }
  const settled = record.effects.every((effect) => effect.state === "accepted");
  const done: NotificationRecord = {
    ...record,
    keyText: settled ? undefined : record.keyText,
    state: "done",
    leaseUntil: now,
    expiresAt: now + policy.retentionMs,
    waived: waived && Object.keys(waived).length > 0 ? waived : record.waived,
    fingerprint: record.fingerprint ?? item.fingerprint,
  };
  return { record: done, reply: "done" };
}

function wasReleasedBy({ state, owner, fence }: NotificationRecord, item: Lease): boolean {
  return state === "released" && owner === item.owner && fence === item.fence;
}

function isOpenTo(effect: EffectRecord, waived: Completion["waived"]): boolean {
  if (effect.state === "accepted" || effect.state === "dropped") return false;
  return waived === undefined || !Object.hasOwn(waived, effect.effect);
}

/**
 * Gives the key back for anyone to claim at once. The fence stays, and so do the effects. An `untried` claim
 * takes its try back.
 */
export function release(
  found: MaybeRecord,
  item: Release,
  now: number,
  policy: RecordPolicy,
): Transition<"released" | "lost"> {
  const record = unexpired(found, now);
  if (!record || record.owner !== item.owner || record.fence !== item.fence) {
    return { record, reply: "lost" };
  }
  if (record.state === "released") return { record, reply: "released" };
  if (record.state !== "claimed") return { record, reply: "lost" };
  const released: NotificationRecord = {
    ...record,
    state: "released",
    leaseUntil: now,
    tries: item.untried === true ? Math.max(0, record.tries - 1) : record.tries,
    effects: record.effects.map(sendingToUnknown),
    expiresAt: record.effects.length === 0 ? now + policy.retentionMs : record.expiresAt,
  };
  return { record: released, reply: "released" };
}

/**
 * Marks the record dead before its message's copy goes to the dead-letter queue. The fence rises,
 * so that whatever the old claim still does is stale.
 */
export function bury(
  found: MaybeRecord,
  item: Burial,
  now: number,
  policy: RecordPolicy,
): Transition<BuryReply> {
  const record = unexpired(found, now);
  if (record?.state === "done") return { record, reply: "done" };
  if (record?.state === "dead" && record.dead?.messageId === item.messageId) {
    return { record, reply: "dead" };
  }
  if (
    record &&
    isLive(record, now) &&
    !(item.claim && holds(record, { key: item.key, ...item.claim }))
  ) {
    return { record, reply: "busy" };
  }
  const tooEarly = Math.max(0, ...(record?.effects ?? []).filter(isOpen).map((e) => e.staleAt));
  if (tooEarly > now) return { record, reply: { tooEarly } };
  const dead: NotificationRecord = {
    key: item.key,
    keyText: item.keyText,
    pipeline: item.pipeline,
    state: "dead",
    owner: "",
    fence: (record?.fence ?? 0) + 1,
    leaseUntil: now,
    claimedAt: record?.claimedAt ?? now,
    messageId: item.messageId,
    tries: 0,
    fingerprint: record?.fingerprint,
    effects: (record?.effects ?? NO_EFFECTS).map(sendingToUnknown),
    waived: undefined,
    dead: { messageId: item.messageId, reason: item.reason, at: now },
    resolutions: record?.resolutions,
    expiresAt:
      record === undefined || record.effects.length === 0 ? now + policy.retentionMs : undefined,
  };
  return { record: dead, reply: "dead" };
}

/** Whether something that was begun could still be accepted. */
function isOpen({ state, unknownSince }: EffectRecord): boolean {
  return state === "sending" || state === "unknown" || unknownSince !== undefined;
}
