import { formatAttemptId } from "../identity/attempt-id.js";
import type { AttemptInfo, EffectState, RecordView, UnresolvedItem } from "../ports/index.js";
import {
  isLive,
  unexpired,
  type EffectRecord,
  type MaybeRecord,
  type NotificationRecord,
} from "./record.js";

/** The state as everyone but the live claim sees it. */
export function seenState(
  record: NotificationRecord,
  effect: EffectRecord,
  now: number,
): EffectState {
  if (effect.state !== "sending") return effect.state;
  const itsOwn = record.owner === effect.owner && record.fence === effect.fence;
  return itsOwn && isLive(record, now) ? "sending" : "unknown";
}

export function attemptInfo(
  record: NotificationRecord,
  effect: EffectRecord,
  now: number,
): AttemptInfo {
  return {
    attemptId: formatAttemptId({ key: record.key, ...effect }),
    effect: effect.effect,
    state: seenState(record, effect, now),
    startedAt: effect.startedAt,
    deadline: effect.deadline,
    staleAt: effect.staleAt,
    ...(effect.unknownSince === undefined ? {} : { unknownSince: effect.unknownSince }),
    ...(effect.reason === undefined ? {} : { reason: effect.reason }),
    ...(effect.receipt === undefined ? {} : { receipt: effect.receipt }),
    ...(effect.allowed === undefined ? {} : { allowed: effect.allowed }),
    ...(effect.settledAfterDeadLetter === undefined
      ? {}
      : { settledAfterDeadLetter: effect.settledAfterDeadLetter }),
  };
}

export function attemptInfos(record: NotificationRecord, now: number): AttemptInfo[] {
  return record.effects.map((effect) => attemptInfo(record, effect, now));
}

/** The effects of a record that need somebody's attention now. */
export function unresolvedItems(record: NotificationRecord, now: number): UnresolvedItem[] {
  return attemptInfos(record, now)
    .filter(({ state }) => state === "unknown" || state === "blocked")
    .map((attempt) => ({
      key: record.key,
      keyText: record.keyText ?? "",
      pipeline: record.pipeline,
      messageId: record.messageId,
      attempt,
      ...(record.dead === undefined ? {} : { dead: record.dead }),
    }));
}

/** The record as an operator reads it. */
export function viewRecord(found: MaybeRecord, now: number): RecordView | undefined {
  const record = unexpired(found, now);
  if (!record) return undefined;
  const duplicates = record.effects
    .filter((effect) => effect.duplicates !== undefined)
    .map((effect) => [effect.effect, effect.duplicates ?? []] as const);
  return {
    key: record.key,
    ...(record.keyText === undefined ? {} : { keyText: record.keyText }),
    pipeline: record.pipeline,
    state: record.state,
    live: isLive(record, now),
    owner: record.owner,
    fence: record.fence,
    leaseUntil: record.leaseUntil,
    messageId: record.messageId,
    tries: record.tries,
    ...(record.fingerprint === undefined ? {} : { fingerprint: record.fingerprint }),
    effects: attemptInfos(record, now),
    ...(record.waived === undefined ? {} : { waived: record.waived }),
    ...(record.dead === undefined ? {} : { dead: record.dead }),
    ...(duplicates.length === 0 ? {} : { duplicates: Object.fromEntries(duplicates) }),
    ...(record.resolutions === undefined ? {} : { resolutions: record.resolutions }),
  };
}
