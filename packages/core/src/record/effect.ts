import { sameWithinKey } from "../identity/attempt-id.js";
import type { AttemptRef } from "../ports/index.js";
import type { EffectRecord, NotificationRecord } from "./record.js";

export function findEffect(record: NotificationRecord, name: string): EffectRecord | undefined {
  return record.effects.find((effect) => effect.effect === name);
}

/** Whether the effect's state speaks of this very attempt. */
export function isOf(record: NotificationRecord, effect: EffectRecord, ref: AttemptRef): boolean {
  return record.key === ref.key && sameWithinKey(effect, ref);
}

/** Also binds `fingerprint`, where one is given, and keeps a record with an effect from expiring. */
export function withEffect(
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
export function effectBy(
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
