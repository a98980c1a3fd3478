import type { DedupeStore } from "@exactly-once/core";
import {
  type ControlFlags,
  DEFAULT_RETENTION_MS,
  type DeploymentFinding,
  LONGEST_TIMER_MS,
  optionsOf,
  type ReconcileProgress,
  type TripwireCounters,
} from "@exactly-once/core/ports";
import type { RedisClient } from "./transport/client.js";
import { redisControl } from "./control.js";
import { inspectRedis, type RedisReport } from "./inspect.js";
import { DEFAULT_KEY_PREFIX, keySpace } from "./keys.js";
import { createCommandPipelines } from "./transport/command-pipelines.js";
import { redisReconcileProgress } from "./progress.js";
import { redisClaims } from "./records/claims.js";
import { redisEffects } from "./records/effects.js";
import { redisOperator } from "./records/operator.js";
import { recordCommands } from "./records/record-commands.js";
import { assembleScripts, type Scripts } from "./scripts.js";
import { redisTripwire } from "./tripwire.js";

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
  /** Goes before every name in Redis, without braces. Default `eo:`. */
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
  verify(): Promise<readonly DeploymentFinding[]>;
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
    keys: keySpace(options.keyPrefix ?? DEFAULT_KEY_PREFIX),
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

  const place = { commands, scripts, keys };
  const about = recordCommands(place);
  const inspect = () => inspectRedis(client, commandTimeoutMs);
  return {
    capabilities: { durable: true, shared: true, clock: "store" },
    control: redisControl(commands, scripts, keys),
    tripwire: redisTripwire(commands, scripts, keys),
    progress: redisReconcileProgress(commands, scripts, keys),
    ...redisClaims(about, retentionMs),
    ...redisEffects(about, retentionMs),
    ...redisOperator(about, place, pageSize),
    ping: async () => {
      await commands.run({ script: scripts.ping, keys: [keys.probe], args: [] }, ignoreReply);
    },
    inspect,
    verify: async () =>
      (await inspect()).findings.map(({ code, severity, address, text }) => {
        return { code, severity, text: `Redis ${address}: ${text}` };
      }),
  };
}

function ignoreReply(): void {}
