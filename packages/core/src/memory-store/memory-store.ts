import { parseAttemptId } from "../identity/attempt-id.js";
import { optionsOf } from "../options.js";
import { memoryControl } from "./memory-control.js";
import { MemoryRecords } from "./memory-records.js";
import { memoryTripwire } from "./memory-tripwire.js";
import type {
  Clock,
  ControlFlags,
  DedupeStore,
  TripwireCounters,
  UnresolvedItem,
} from "../ports/index.js";
import * as claims from "../record/claims.js";
import * as effects from "../record/effects.js";
import { unresolvedItems, viewRecord } from "../record/view.js";
import type { MaybeRecord, Transition } from "../record/record.js";
import { systemClock } from "../timing/system-clock.js";

/** Of a {@link memoryStore}. */
export interface MemoryStoreOptions {
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** Milliseconds a done record is kept after it was last seen. Default 28 days. */
  readonly retentionMs?: number | undefined;
  /** Items per page of `unresolved()`. Default 100. */
  readonly pageSize?: number | undefined;
}

export interface MemoryStore extends DedupeStore {
  readonly control: ControlFlags;
  readonly tripwire: TripwireCounters;
  /** How many records are kept, for tests and gauges. */
  readonly size: number;
}

/** A copy can come back from a dead-letter queue after its 14 days, twice. */
export const DEFAULT_RETENTION_MS = 28 * 24 * 60 * 60_000;

/**
 * A store in this process's memory: complete, and enough for one replica that may forget on
 * restart, for tests and for development. A restart forgets what was sent.
 */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const clock = options.clock ?? systemClock();
  const check = optionsOf("memoryStore");
  const retentionMs = check.ms("retentionMs", options.retentionMs ?? DEFAULT_RETENTION_MS);
  const policy = { retentionMs };
  const pageSize = check.integer("pageSize", options.pageSize ?? 100, { from: 1, to: 10_000 });
  const records = new MemoryRecords();
  const apply = <Reply>(
    key: string,
    change: (found: MaybeRecord, now: number) => Transition<Reply>,
  ): Reply => records.apply(key, clock.now(), change);

  return {
    capabilities: { durable: false, shared: false, clock: "store" },
    control: memoryControl(clock),
    tripwire: memoryTripwire(clock),
    get size() {
      return records.size;
    },
    claim: async (items) =>
      items.map((item) => apply(item.key, (r, now) => claims.claim(r, item, now, policy))),
    extend: async (items) =>
      items.map((item) => apply(item.key, (r, now) => claims.extend(r, item, now, policy))),
    begin: async (item) => apply(item.key, (r, now) => effects.begin(r, item, now)),
    block: async (item) => apply(item.key, (r, now) => effects.block(r, item, now)),
    settle: async (item, outcome, granted) => {
      const lost = granted && { ...granted, ...policy };
      return apply(item.key, (r, now) => effects.settle(r, item, outcome, now, lost));
    },
    complete: async (items) =>
      items.map((item) => apply(item.key, (r, now) => claims.complete(r, item, now, policy))),
    release: async (items) =>
      items.map((item) => apply(item.key, (r, now) => claims.release(r, item, now, policy))),
    bury: async (item) => apply(item.key, (r, now) => claims.bury(r, item, now, policy)),
    resolve: async (attemptId, verdict, who) => {
      const ref = parseAttemptId(attemptId);
      if (!ref) return "notFound";
      return apply(ref.key, (r, now) => effects.resolve(r, ref, verdict, who, now));
    },
    unresolved: async (cursor) => {
      const now = clock.now();
      const behind = parseCursor(cursor);
      const items: UnresolvedItem[] = [];
      let next: string | undefined;
      for (const { ordinal, key } of records.needingAttention(behind.ordinal)) {
        for (const item of inOrder(records.get(key), now)) {
          const { effect } = item.attempt;
          if (ordinal === behind.ordinal && effect <= behind.effect) continue;
          if (items.length === pageSize)
            return { items, unreadable: [], ...(next === undefined ? {} : { next }) };
          items.push(item);
          next = `${ordinal} ${effect}`;
        }
      }
      return { items, unreadable: [] };
    },
    read: async (keys) => {
      const now = clock.now();
      return keys.map((key) => viewRecord(records.get(key), now));
    },
  };
}

/** In the order of their effects' names, which a page's end tells. */
function inOrder(record: MaybeRecord, now: number): readonly UnresolvedItem[] {
  const items = record ? unresolvedItems(record, now) : [];
  return items.sort((a, b) => (a.attempt.effect < b.attempt.effect ? -1 : 1));
}

/** The place of the last item of the page before, so that items settled meanwhile skip nothing. */
function parseCursor(cursor = "0 "): { readonly ordinal: number; readonly effect: string } {
  const space = cursor.indexOf(" ");
  return { ordinal: Number(cursor.slice(0, space)), effect: cursor.slice(space + 1) };
}
