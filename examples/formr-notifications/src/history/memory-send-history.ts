import { type Clock, systemClock } from "@exactly-once/core/ports";
import type { HistoryFact } from "./history-fact.js";
import { changesOf, type FieldChange } from "./notification-fields.js";
import { notificationOf, type Notification } from "./notification.js";
import { placesFrom, type HistoryLimits, type SendHistory } from "./send-history.js";

export interface MemorySendHistoryOptions extends HistoryLimits {
  /** Of all trainees; beyond it, those whose last fact is oldest make room. Default 10,000. */
  readonly maxInAll?: number;
  readonly clock?: Clock;
}

interface Entry {
  readonly fields: Record<string, string>;
  expiresAt: number;
}

/** A history that is forgotten with the process. */
export function memorySendHistory(options: MemorySendHistoryOptions): SendHistory {
  const { retentionMs, maxPerTrainee, maxInAll = 10_000, clock = systemClock() } = options;
  /** In the order of their last facts, so that the first are the first to go. */
  const entries = new Map<string, Entry>();
  /** Keys in the order in which they were first seen. */
  const byTrainee = new Map<string, string[]>();

  function record(fact: HistoryFact): void {
    const fields = entries.get(fact.key)?.fields ?? {};
    const isNew = fact.type === "seen" && fields["seen"] === undefined;
    for (const change of changesOf(fact)) apply(fields, change);
    entries.delete(fact.key);
    entries.set(fact.key, { fields, expiresAt: clock.now() + retentionMs });
    if (!isNew) return;
    const { traineeId } = fact.cause;
    const keys = [...(byTrainee.get(traineeId) ?? []), fact.key];
    byTrainee.set(traineeId, keys);
    if (keys.length > maxPerTrainee) {
      const [oldest] = listed(traineeId).sort((a, b) => a.at - b.at);
      if (oldest) forget(oldest.key);
    }
  }

  function makeRoom(): void {
    for (const [key, { expiresAt }] of entries) {
      if (expiresAt > clock.now() && entries.size <= maxInAll) return;
      forget(key);
    }
  }

  function forget(key: string): void {
    const traineeId = known(key)?.traineeId;
    entries.delete(key);
    if (traineeId === undefined) return;
    const left = (byTrainee.get(traineeId) ?? []).filter((each) => each !== key);
    if (left.length > 0) byTrainee.set(traineeId, left);
    else byTrainee.delete(traineeId);
  }

  function known(key: string): Notification | undefined {
    const entry = entries.get(key);
    return entry && notificationOf(key, entry.fields);
  }

  function listed(traineeId: string): Notification[] {
    return (byTrainee.get(traineeId) ?? []).flatMap((key) => known(key) ?? []);
  }

  return {
    async add(facts) {
      facts.forEach(record);
      makeRoom();
    },

    async page(traineeId, request) {
      makeRoom();
      const { places, ...more } = placesFrom(
        listed(traineeId).map(({ at, key }) => ({ at, key })),
        request,
      );
      return { notifications: places.flatMap(({ key }) => known(key) ?? []), ...more };
    },

    async *notifications() {
      makeRoom();
      for (const key of [...entries.keys()]) {
        const notification = known(key);
        if (notification) yield notification;
      }
    },
  };
}

function apply(fields: Record<string, string>, { name, how, value }: FieldChange): void {
  const current = fields[name];
  if (how === "count") fields[name] = String(Number(current ?? 0) + Number(value));
  else if (how === "last" || current === undefined) fields[name] = value;
}
