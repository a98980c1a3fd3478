import { storeSuite } from "@exactly-once/core/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, test } from "vitest";
import type { RedisClient } from "./client.js";
import { givenRedis, type GivenRedis } from "./testing/given-redis.js";
import { startRedisCluster, type RedisCluster } from "./testing/redis-cluster.js";
import { redisFixture } from "./testing/store-fixture.js";

const capabilities = {
  durable: true,
  shared: true,
  clock: "store",
  control: true,
  tripwire: true,
  outage: false,
} as const;

describe("a store in one Redis conforms", () => {
  let redis: GivenRedis;
  let client: RedisClient;
  let otherClient: RedisClient;
  beforeAll(async () => {
    redis = await givenRedis();
    [client, otherClient] = [redis.connect(), redis.connect()];
  });
  afterAll(() => redis.stop());

  storeSuite({
    test,
    fc,
    unitMs: 200,
    factory: async (request) => redisFixture({ client, otherClient }, request),
    capabilities,
  });
});

describe("a store in a Redis cluster conforms", () => {
  let cluster: RedisCluster;
  let client: RedisClient;
  let otherClient: RedisClient;
  beforeAll(async () => {
    cluster = await startRedisCluster();
    [client, otherClient] = [cluster.connect(), cluster.connect()];
  });
  afterAll(() => cluster.stop());

  storeSuite({
    test,
    fc,
    unitMs: 200,
    runs: 30,
    factory: async (request) => redisFixture({ client, otherClient }, request),
    capabilities,
  });
});
