import {
  DEFAULT_RETENTION_MS,
  parseAttemptId,
  type ControlFlags,
  type DedupeStore,
  type ReconcileProgress,
  type TripwireCounters,
  type Verdict,
} from "@exactly-once/core";
import type { RedisClient } from "./client.js";
import { redisControl } from "./control.js";
import { inspectRedis, type RedisReport } from "./inspect.js";
import { keySpace } from "./keys.js";
import { pack } from "./packed-ids.js";
import { createLanes } from "./lanes.js";
import { redisReconcileProgress } from "./progress.js";
import * as replies from "./replies.js";
import { assembleScripts, type Scripts } from "./scripts.js";
import { redisTripwire } from "./tripwire.js";
import { readUnresolved } from "./unresolved.js";

export interface RedisStoreOptions {
  /** Yours to configure, connect and close. A `Redis` may lead to a primary behind Sentinel. */
  readonly client: RedisClient;
  /** Milliseconds a done record is kept after it was last seen. Default 28 days. */
  readonly retentionMs?: number;
  /**
   * Milliseconds after which a command without an answer is a fault. Default 2,000. It may still
   * run later; the consumer knows how to live with that.
   */
  readonly commandTimeoutMs?: number;
  /**
   * Replicas that must have a `begin` before it answers. Default 0. With 1 or more, a failover to
   * one of them doesn't forget what was sent. Fewer confirmations than this are a fault.
   */
  readonly waitReplicas?: number;
  /** Milliseconds to wait for them. Default half of `commandTimeoutMs`. */
  readonly waitReplicasMs?: number;
  /** Goes before every name in Redis, without braces. Default none. */
  readonly keyPrefix?: string;
  /** Items per page of `unresolved()`. Default 100. */
  readonly pageSize?: number;
}

export interface RedisStore extends DedupeStore {
  readonly control: ControlFlags;
  readonly tripwire: TripwireCounters;
  /** How far the provider's events were processed, for a reconciler. */
  readonly progress: ReconcileProgress;
  /**
   * Whether Redis answers, within the command timeout.
   * @throws StoreUnavailableError when it doesn't
   */
  ping(): Promise<void>;
  /** What of the server's settings endangers the promises. Reads, changes nothing. */
  inspect(): Promise<RedisReport>;
}

const DEFAULT_COMMAND_TIMEOUT_MS = 2_000;

/**
 * A store in Redis or Valkey (6.2 and up), for any number of replicas of a service. Each operation
 * is one Lua script, atomic for its record; time is the server's.
 *
 * A server that can't answer in time is down: operations reject with `StoreUnavailableError`, and
 * nothing is taken for new or for done.
 */
export function redisStore(options: RedisStoreOptions): RedisStore {
  return redisStoreWith(assembleScripts(), options);
}

/** The same with other scripts: the conformance suite has to notice what is wrong with them. */
export function redisStoreWith(scripts: Scripts, options: RedisStoreOptions): RedisStore {
  const { client } = options;
  const retentionMs = options.retentionMs ?? DEFAULT_RETENTION_MS;
  const commandTimeoutMs = options.commandTimeoutMs ?? DEFAULT_COMMAND_TIMEOUT_MS;
  const keys = keySpace(options.keyPrefix ?? "");
  const replicas = options.waitReplicas ?? 0;
  const timeoutMs = Math.ceil(options.waitReplicasMs ?? commandTimeoutMs / 2);
  const wait = replicas > 0 ? { replicas, timeoutMs } : undefined;
  const lanes = createLanes({ client, commandTimeoutMs, wait });

  function about(
    name: keyof Scripts,
    key: string,
    args: readonly (string | number)[],
    replicated = false,
  ): Promise<unknown> {
    const { record, attention } = keys.locate(key);
    return lanes.run({ script: scripts[name], keys: [record, attention], args, replicated });
  }

  return {
    capabilities: { durable: true, shared: true, clock: "store" },
    control: redisControl(lanes, scripts, keys),
    tripwire: redisTripwire(lanes, scripts, keys),
    progress: redisReconcileProgress(lanes, scripts, keys),
    claim: (items) =>
      together(items, async (item) => {
        const { key, keyText, pipeline, owner, leaseMs, messageId, fingerprint } = item;
        const simulated = item.simulated === true ? "1" : "";
        const args = [
          keyText,
          pipeline,
          owner,
          leaseMs,
          pack(messageId),
          pack(fingerprint),
          simulated,
        ];
        return replies.decodeClaim(key, await about("claim", key, [...args, retentionMs]));
      }),
    extend: (items) =>
      together(items, async ({ key, owner, fence, leaseMs }) => {
        const reply = await about("extend", key, [owner, fence, leaseMs, retentionMs]);
        return reply === "held" ? "held" : "lost";
      }),
    begin: async ({ key, effect, owner, fence, n, timeoutMs, validityMs, fingerprint }) => {
      const args = [effect, owner, fence, n, timeoutMs, validityMs, pack(fingerprint)];
      return replies.decodeBegin(key, await about("begin", key, args, true));
    },
    hold: async ({ key, effect, owner, fence, n, reason, fingerprint }) => {
      const args = [effect, owner, fence, n, reason, pack(fingerprint)];
      return replies.decodeHold(key, await about("hold", key, args));
    },
    settle: async ({ key, effect, owner, fence, n }, outcome) => {
      const args = [effect, owner, fence, n, outcome.status];
      if (outcome.status !== "accepted") {
        const noReceipt = ["", "", "", ""];
        const given = [...args, outcome.reason, ...noReceipt];
        return replies.decodeSettle(await about("settle", key, given));
      }
      const { id, at, via } = outcome.receipt;
      const receipt = [id === null ? "" : pack(id), at, via, json({ id, at, via })];
      return replies.decodeSettle(await about("settle", key, [...args, "", ...receipt]));
    },
    complete: (items) =>
      together(items, async ({ key, owner, fence, waived, fingerprint }) => {
        const isWaived = waived !== undefined && Object.keys(waived).length > 0;
        const bound = fingerprint === undefined ? "" : pack(fingerprint);
        const args = [owner, fence, isWaived ? json(waived) : "", bound, retentionMs];
        return replies.decodeComplete(key, await about("complete", key, args));
      }),
    release: (items) =>
      together(items, async ({ key, owner, fence }) => {
        const reply = await about("release", key, [owner, fence, retentionMs]);
        return reply === "released" ? "released" : "lost";
      }),
    bury: async ({ key, keyText, pipeline, messageId, reason, claim }) => {
      const own = [claim?.owner ?? "", claim?.fence ?? ""];
      const args = [keyText, pipeline, pack(messageId), reason, ...own, retentionMs];
      return replies.decodeBury(await about("bury", key, args));
    },
    resolve: async (attemptId, verdict, { by, why }) => {
      const ref = parseAttemptId(attemptId);
      if (!ref) return "notFound";
      const { key, effect, owner, fence, n } = ref;
      const word = verdictWord(verdict);
      const payload = typeof verdict === "object" ? pack(verdict.acceptPayload) : "";
      const note = json({ attemptId, verdict: word, by, why });
      const args = [effect, owner, fence, n, word, payload, note];
      return replies.decodeResolve(await about("resolve", key, args));
    },
    unresolved: (cursor) => readUnresolved(lanes, scripts, keys, cursor, options.pageSize ?? 100),
    read: (wanted) =>
      together(wanted, async (key) => replies.decodeView(key, await about("read", key, []))),
    ping: async () => {
      await lanes.run({ script: scripts.ping, keys: [keys.probe], args: [] });
    },
    inspect: () => inspectRedis(client, commandTimeoutMs),
  };
}

/** All are asked for in one turn, and so share round trips. Replies keep the order. */
function together<Item, Reply>(
  items: readonly Item[],
  ask: (item: Item) => Promise<Reply>,
): Promise<Reply[]> {
  return Promise.all(items.map(ask));
}

function verdictWord(verdict: Verdict): string {
  return typeof verdict === "object" ? "accept-payload" : verdict;
}

/** Half of a surrogate pair can't be told to Redis: it becomes the replacement character. */
function json(value: object): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "string" ? Buffer.from(item).toString() : item,
  );
}
