import type { StoreFixture, StoreFixtureRequest } from "@exactly-once/core/testing";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { RedisClient } from "../client.js";
import { assembleScripts, type Scripts } from "../scripts.js";
import { redisStoreWith } from "../store.js";

export interface RedisFixtureOptions {
  readonly client: RedisClient;
  /** Of the other replica of the service. */
  readonly otherClient: RedisClient;
  readonly scripts?: Scripts;
}

/** A store with names of its own in a Redis that others use, too. Nothing is ever flushed. */
export function redisFixture(
  { client, otherClient, scripts = assembleScripts() }: RedisFixtureOptions,
  { retentionMs, pageSize }: StoreFixtureRequest,
): StoreFixture {
  const keyPrefix = `test-${randomUUID()}:`;
  const options = { retentionMs, pageSize, keyPrefix };
  const now = Date.now;
  return {
    store: redisStoreWith(scripts, { ...options, client }),
    another: async () => redisStoreWith(scripts, { ...options, client: otherClient }),
    elapse: sleep,
    skewCaller: (ms) => {
      Date.now = () => now() + ms;
    },
    close: async () => {
      Date.now = now;
    },
  };
}
