import { type DedupeStore, memoryStore } from "@exactly-once/core";
import { DEFAULT_RETENTION_MS } from "@exactly-once/core/ports";
import type { SharedSnapshot } from "@exactly-once/core/user-cache";
import { redisStore, redisUserSnapshot } from "@exactly-once/redis-store";
import { Redis } from "ioredis";
import type { Config } from "./config.js";
import { memorySendHistory } from "./history/memory-send-history.js";
import { redisSendHistory } from "./history/redis-send-history.js";
import type { SendHistory } from "./history/send-history.js";

/** What replicas share, and what outlives a restart. */
export interface SharedState {
  readonly store: DedupeStore;
  readonly users: SharedSnapshot | undefined;
  readonly history: SendHistory;
  /** Whether it outlives the process. */
  readonly durable: boolean;
  close(): void;
}

/** As long as the store knows what is done. */
const HISTORY = { retentionMs: DEFAULT_RETENTION_MS, maxPerTrainee: 500 };

/**
 * In Redis where there is one. Without, in memory: right for one replica that is never restarted
 * while messages are under way, which is to say for local work.
 *
 * @param onFault hears of lost connections, which ioredis mends by itself
 */
export function sharedState(
  config: Pick<Config, "redisUrl" | "namespace" | "userPoolId">,
  onFault: (error: unknown) => void,
): SharedState {
  const { redisUrl, namespace, userPoolId } = config;
  if (redisUrl === undefined) {
    return {
      store: memoryStore(),
      users: undefined,
      history: memorySendHistory(HISTORY),
      durable: false,
      close: () => undefined,
    };
  }
  const client = new Redis(redisUrl, {
    // After a failover the old primary may stay up as a replica, and would refuse each write for ever.
    reconnectOnError: (error) => error.message.includes("READONLY"),
  });
  // A connection of its own, so that nothing of the store's waits for it; and it fails soon, since
  // what reads and writes the history tries again by itself.
  const historyClient = client.duplicate({ maxRetriesPerRequest: 1 });
  for (const each of [client, historyClient]) each.on("error", onFault);
  return {
    store: redisStore({ client }),
    users: redisUserSnapshot({ client, prefix: `${namespace}:users:${userPoolId}` }),
    history: redisSendHistory({
      client: historyClient,
      prefix: `${namespace}:history`,
      ...HISTORY,
    }),
    durable: true,
    close: () => {
      client.disconnect();
      historyClient.disconnect();
    },
  };
}
