import { parseAttemptId } from "../identity/attempt-id.js";
import type { AttemptInfo, DedupeStore, Lease } from "../ports/index.js";
import * as claims from "../record/claims.js";
import * as effects from "../record/effects.js";
import { attemptInfos } from "../record/view.js";
import type { MaybeRecord, NotificationRecord, Transition } from "../record/record.js";
import { LONG } from "./store-suite-tools.js";

/** The operations that the random commands use. */
export type CommandedStore = Pick<
  DedupeStore,
  "claim" | "extend" | "begin" | "block" | "settle" | "complete" | "release" | "bury" | "resolve"
>;

/** The table with nothing around it: what a store is compared with. */
export interface StoreModel {
  readonly store: CommandedStore;
  readonly records: ReadonlyMap<string, NotificationRecord>;
  /** Every lease that was granted, by key, oldest first. */
  readonly leases: ReadonlyMap<string, readonly Lease[]>;
  /** What `unresolved()` has to list, in any order. */
  attention(): readonly AttemptInfo[];
  now(): number;
  advance(ms: number): void;
}

export function storeModel(): StoreModel {
  const records = new Map<string, NotificationRecord>();
  const leases = new Map<string, Lease[]>();
  const policy = { retentionMs: 100 * LONG };
  let now = 1_767_225_600_000;

  function apply<Reply>(key: string, decide: (found: MaybeRecord) => Transition<Reply>): Reply {
    const { record, reply } = decide(records.get(key));
    if (record) records.set(key, record);
    return reply;
  }

  return {
    records,
    leases,
    now: () => now,
    advance: (ms) => {
      now += ms;
    },
    attention: () =>
      [...records.values()]
        .flatMap((record) => attemptInfos(record, now))
        .filter(({ state }) => state === "unknown" || state === "blocked"),
    store: {
      claim: async (items) =>
        items.map((item) => {
          const reply = apply(item.key, (found) => claims.claim(found, item, now, policy));
          if (reply.status === "claimed") {
            const lease = { key: item.key, owner: item.owner, fence: reply.fence };
            leases.set(item.key, [...(leases.get(item.key) ?? []), lease]);
          }
          return reply;
        }),
      extend: async (items) =>
        items.map((item) => apply(item.key, (found) => claims.extend(found, item, now, policy))),
      begin: async (item) => apply(item.key, (found) => effects.begin(found, item, now)),
      block: async (item) => apply(item.key, (found) => effects.block(found, item, now)),
      settle: async (item, outcome, granted) =>
        apply(item.key, (found) =>
          effects.settle(found, item, outcome, now, granted && { ...granted, ...policy }),
        ),
      complete: async (items) =>
        items.map((item) => apply(item.key, (found) => claims.complete(found, item, now, policy))),
      release: async (items) =>
        items.map((item) => apply(item.key, (found) => claims.release(found, item, now, policy))),
      bury: async (item) => apply(item.key, (found) => claims.bury(found, item, now, policy)),
      resolve: async (attemptId, verdict, who) => {
        const ref = parseAttemptId(attemptId);
        if (!ref) return "notFound";
        return apply(ref.key, (found) => effects.resolve(found, ref, verdict, who, now));
      },
    },
  };
}
