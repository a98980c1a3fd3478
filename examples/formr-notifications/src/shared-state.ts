import { memoryStore, type DedupeStore } from "@exactly-once/core";
import type { SharedSnapshot } from "@exactly-once/core/user-cache";
import { redisStore, redisUserSnapshot } from "@exactly-once/redis-store";
import { Redis } from "ioredis";
import type { Config } from "./config.js";

/** What replicas share, and what outlives a restart. */
export interface SharedState {
  readonly store: DedupeStore;
  readonly users: SharedSnapshot | undefined;
  /** Whether it outlives the process. */
  readonly durable: boolean;
  close(): void;
}

/**
 * In Redis where there is one. Without, in memory: right for one replica that is never restarted
 * while messages are under way, which is to say for local work.
 *
 * @param onFault hears of lost connections, which ioredis mends by itself
 */
export function sharedState(config: Config, onFault: (error: unknown) => void): SharedState {
  const { redisUrl, namespace, userPoolId } = config;
  if (redisUrl === undefined) {
    return { store: memoryStore(), users: undefined, durable: false, close: () => undefined };
  }
  const client = new Redis(redisUrl);
  client.on("error", onFault);
  return {
    store: redisStore({ client }),
    users: redisUserSnapshot({ client, prefix: `${namespace}:users:${userPoolId}` }),
    durable: true,
    close: () => client.disconnect(),
  };
}
