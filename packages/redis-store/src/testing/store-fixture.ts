import type { StoreFixture, StoreFixtureRequest } from "@exactly-once/core/testing";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { RedisClient } from "../transport/client.js";
import { assembleScripts, type Scripts } from "../scripts.js";
import { redisStoreWith } from "../store.js";

export interface RedisFixtureOptions {
  /** Nobody else's names begin so. */
  readonly keyPrefix: string;
  readonly client: RedisClient;
  /** Of the other replica of the service. */
  readonly otherClient: RedisClient;
  readonly scripts?: Scripts;
  readonly outage?: () => Promise<() => Promise<void>>;
}

const realNow = Date.now;

/** Long for a server on the same machine, short for a test of an outage. */
const COMMAND_TIMEOUT_MS = 1_000;

/** A store with names of its own in a Redis that others use, too. Nothing is ever flushed. */
export function redisFixture(
  fixture: RedisFixtureOptions,
  { retentionMs, pageSize }: StoreFixtureRequest,
): StoreFixture {
  const { client, otherClient, scripts = assembleScripts(), outage } = fixture;
  const keyPrefix = `${fixture.keyPrefix}${randomUUID()}:`;
  const commandTimeoutMs = COMMAND_TIMEOUT_MS;
  const options = { retentionMs, pageSize, keyPrefix, commandTimeoutMs };
  return {
    store: redisStoreWith(scripts, { ...options, client }),
    another: async () => redisStoreWith(scripts, { ...options, client: otherClient }),
    elapse: sleep,
    ...(outage ? { outage } : {}),
    skewCaller: (ms) => {
      Date.now = () => realNow() + ms;
    },
    close: async () => {
      Date.now = realNow;
    },
  };
}
