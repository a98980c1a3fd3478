import { ConfigurationError } from "@exactly-once/core";
import type { Redis } from "ioredis";
import { expect, it } from "vitest";
import { redisStore, type RedisStoreOptions } from "./store.js";
import { redisUserSnapshot } from "./user-snapshot.js";

/** Of ioredis, as far as it is looked at before the first command. */
const client = { defineCommand: () => undefined } as unknown as Redis;
/** A client of node-redis has functions of its own instead. */
const nodeRedis = { get: () => undefined, eval: () => undefined } as unknown as Redis;

type Over = Readonly<Partial<Record<keyof RedisStoreOptions, unknown>>>;

it.each<readonly [Over, string]>([
  [{ client: undefined }, "client is missing; give a client of ioredis"],
  [{ client: nodeRedis }, "client has no defineCommand(); give a client of ioredis"],
  [{ retentionMs: Infinity }, "retentionMs is Infinity; give whole milliseconds"],
  [{ retentionMs: 0 }, "retentionMs is 0"],
  [{ commandTimeoutMs: Number.NaN }, "commandTimeoutMs is NaN"],
  [{ waitReplicas: 0.5 }, "waitReplicas is 0.5; give a whole number from 0"],
  [{ waitReplicas: 1, waitReplicasMs: 0 }, "waitReplicasMs is 0"],
  [{ pageSize: 0 }, "pageSize is 0; give a whole number from 1"],
  [{ keyPrefix: "{tis}" }, 'keyPrefix "{tis}" contains a brace'],
])("refuses %j, and says what to give", (over, text) => {
  const make = () => redisStore({ client, ...over } as RedisStoreOptions);
  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(`redisStore: ${text}`);
});

it("refuses a user snapshot's client and times likewise", () => {
  expect(() => redisUserSnapshot({ client: nodeRedis })).toThrow("a client of ioredis");
  expect(() => redisUserSnapshot({ client, graceMs: Infinity })).toThrow("graceMs is Infinity");
});
