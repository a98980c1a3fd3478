import type {
  AttemptRef,
  AttemptStart,
  BeginReply,
  BlockReply,
  EffectBlock,
  Receipt,
} from "../ports/index.js";
import { effectBy, findEffect, isOf, withEffect } from "./effect.js";
import {
  holds,
  isLive,
  unexpired,
  type EffectRecord,
  type MaybeRecord,
  type NotificationRecord,
  type Transition,
} from "./record.js";
import { attemptInfo } from "./view.js";
import type { Writable } from "./writable.js";

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
