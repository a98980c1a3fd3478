import type { DedupeStore } from "@exactly-once/core";
import {
  type ControlFlags,
  DEFAULT_RETENTION_MS,
  type ItemReply,
  LONGEST_TIMER_MS,
  optionsOf,
  parseAttemptId,
  type ReconcileProgress,
  type TripwireCounters,
  type Verdict,
} from "@exactly-once/core/ports";
import type { Command } from "./transport/calls.js";
import type { RedisClient } from "./transport/client.js";
import { redisControl } from "./control.js";
import { inspectRedis, type RedisReport } from "./inspect.js";
import { keySpace } from "./keys.js";
import { pack } from "./packed-ids.js";
import { createCommandPipelines } from "./transport/command-pipelines.js";
import { redisReconcileProgress } from "./progress.js";
import * as replies from "./replies.js";
import { assembleScripts, type Scripts } from "./scripts.js";
import { redisTripwire } from "./tripwire.js";
import { readUnresolved } from "./unresolved.js";
import { wellFormedJson } from "./well-formed-json.js";

/** Which Redis, and how to call it. */
export interface RedisStoreOptions {
  /** Yours to configure, connect and close. A `Redis` may lead to a primary behind Sentinel. */
  readonly client: RedisClient;
  /** Milliseconds a done record is kept after it was last seen. Default 28 days. */
  readonly retentionMs?: number | undefined;
  /**
   * Milliseconds after which a command without an answer is a fault. Default 2,000. It may still
   * run later; the consumer knows how to live with that.
   */
  readonly commandTimeoutMs?: number | undefined;
  /**
   * Replicas that must have a `begin` before it answers. Default 0. With 1 or more, a failover to
   * one of them doesn't forget what was sent. Fewer confirmations than this are a fault.
   */
  readonly waitReplicas?: number | undefined;
  /** Milliseconds to wait for them. Default half of `commandTimeoutMs`. */
  readonly waitReplicasMs?: number | undefined;
  /** Goes before every name in Redis, without braces. Default none. */
  readonly keyPrefix?: string | undefined;
  /** Items per page of `unresolved()`. Default 100. */
  readonly pageSize?: number | undefined;
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
const DEFAULT_PAGE = 100;

function redisSettings(options: RedisStoreOptions) {
  const check = optionsOf("redisStore");
  const commandTimeoutMs = check.ms(
    "commandTimeoutMs",
    options.commandTimeoutMs ?? DEFAULT_COMMAND_TIMEOUT_MS,
    { to: LONGEST_TIMER_MS },
  );
  const waitReplicasMs = options.waitReplicasMs ?? Math.ceil(commandTimeoutMs / 2);
  const replicas = check.integer("waitReplicas", options.waitReplicas ?? 0, { from: 0, to: 100 });
  const timeoutMs = check.ms("waitReplicasMs", waitReplicasMs, { to: LONGEST_TIMER_MS });
  return {
    client: check.methods("client", options.client, ["defineCommand"], "a client of ioredis"),
    retentionMs: check.ms("retentionMs", options.retentionMs ?? DEFAULT_RETENTION_MS),
    commandTimeoutMs,
    wait: replicas > 0 ? { replicas, timeoutMs } : undefined,
    keys: keySpace(options.keyPrefix ?? ""),
    pageSize: check.integer("pageSize", options.pageSize ?? DEFAULT_PAGE, { from: 1, to: 10_000 }),
  };
}

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
  const settings = redisSettings(options);
  const { client, retentionMs, commandTimeoutMs, keys, wait, pageSize } = settings;
  const commands = createCommandPipelines({ client, commandTimeoutMs, wait });

  function about<Reply>(
    name: keyof Scripts,
    key: string,
    args: Command["args"],
    read: (key: string, reply: unknown) => Reply,
    replicated = false,
  ): Promise<Reply> {
    const command = { script: scripts[name], keys: keys.locate(key), args, replicated };
    return commands.run(command, (reply) => read(key, reply));
  }

  return {
    capabilities: { durable: true, shared: true, clock: "store" },
    control: redisControl(commands, scripts, keys),
    tripwire: redisTripwire(commands, scripts, keys),
    progress: redisReconcileProgress(commands, scripts, keys),
    claim: (items) =>
      together(items, (item) => {
        const { key, keyText, pipeline, owner, leaseMs, simulated = false } = item;
        const [messageId, content] = [pack(item.messageId), pack(item.fingerprint)];
        const args = [
          keyText,
          pipeline,
          owner,
          leaseMs,
          messageId,
          content,
          simulated,
          retentionMs,
        ];
        return about("claim", key, args, replies.decodeClaim);
      }),
    extend: (items) =>
      together(items, ({ key, owner, fence, leaseMs }) =>
        about("extend", key, [owner, fence, leaseMs, retentionMs], replies.decodeExtend),
      ),
    begin: ({ key, effect, owner, fence, attemptNumber, timeoutMs, validityMs, fingerprint }) => {
      const args = [effect, owner, fence, attemptNumber, timeoutMs, validityMs, pack(fingerprint)];
      return about("begin", key, args, replies.decodeBegin, true);
    },
    block: ({ key, effect, owner, fence, attemptNumber, reason, fingerprint }) => {
      const args = [effect, owner, fence, attemptNumber, reason, pack(fingerprint)];
      return about("block", key, args, replies.decodeBlock);
    },
    settle: ({ key, effect, owner, fence, attemptNumber }, outcome) => {
      const { status } = outcome;
      if (status !== "accepted") {
        const args = [effect, owner, fence, attemptNumber, status, outcome.reason];
        return about("settle", key, args, replies.decodeSettle);
      }
      const { id, at, via } = outcome.receipt;
      const receiptId = id === null ? "" : pack(id);
      const args = [effect, owner, fence, attemptNumber, status, "", receiptId, at, via];
      return about("settle", key, args, replies.decodeSettle);
    },
    complete: (items) =>
      together(items, ({ key, owner, fence, waived = {}, fingerprint }) => {
        const waivedJson = Object.keys(waived).length > 0 ? wellFormedJson(waived) : "";
        const bound = fingerprint === undefined ? "" : pack(fingerprint);
        const args = [owner, fence, waivedJson, bound, retentionMs];
        return about("complete", key, args, replies.decodeComplete);
      }),
    release: (items) =>
      together(items, ({ key, owner, fence }) =>
        about("release", key, [owner, fence, retentionMs], replies.decodeRelease),
      ),
    bury: ({ key, keyText, pipeline, messageId, reason, claim }) => {
      const own = [claim?.owner ?? "", claim?.fence ?? 0];
      const args = [keyText, pipeline, pack(messageId), reason, ...own, retentionMs];
      return about("bury", key, args, replies.decodeBury);
    },
    resolve: async (attemptId, verdict, { by, why }) => {
      const ref = parseAttemptId(attemptId);
      if (!ref) return "notFound";
      const { key, effect, owner, fence, attemptNumber } = ref;
      const word = verdictWord(verdict);
      const payload = typeof verdict === "object" ? pack(verdict.acceptPayload) : "";
      const note = wellFormedJson({ attemptId, verdict: word, by, why });
      const args = [effect, owner, fence, attemptNumber, word, payload, note];
      return about("resolve", key, args, replies.decodeResolve);
    },
    unresolved: (cursor) => readUnresolved(commands, scripts, keys, cursor, pageSize),
    read: (wanted) => together(wanted, (key) => about("read", key, [], replies.decodeView)),
    ping: async () => {
      await commands.run({ script: scripts.ping, keys: [keys.probe], args: [] }, ignoreReply);
    },
    inspect: () => inspectRedis(client, commandTimeoutMs),
  };
}

/**
 * All are asked for in one turn, and so share round trips. Replies keep the order, and what one fails
 * by keeps no other from its own.
 */
function together<Item, Reply>(
  items: readonly Item[],
  ask: (item: Item) => Promise<Reply>,
): Promise<readonly ItemReply<Reply>[]> {
  return Promise.all(items.map((item) => ask(item).catch(asError)));
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function verdictWord(verdict: Verdict): string {
  return typeof verdict === "object" ? "accept-payload" : verdict;
}

function ignoreReply(): void {}
