import { storeSuite } from "@exactly-once/core/testing";
import { afterAll, beforeAll, describe, test } from "vitest";
import fc from "../../../scripts/seeded-fast-check.mjs";
import type { RedisClient } from "./transport/client.js";
import { givenRedis, type GivenRedis } from "./testing/given-redis.js";
import { startRedisCluster, type RedisCluster } from "./testing/redis-cluster.js";
import { spoilings } from "./testing/spoilings.js";
import { redisFixture } from "./testing/store-fixture.js";
import type { TcpProxy } from "./testing/tcp-proxy.js";

const capabilities = {
  durable: true,
  shared: true,
  clock: "store",
  control: true,
  tripwire: true,
  outage: true,
} as const;

describe("a store in one Redis conforms", () => {
  let redis: GivenRedis;
  let client: RedisClient;
  let otherClient: RedisClient;
  let proxy: TcpProxy;
  beforeAll(async () => {
    redis = await givenRedis();
    proxy = await redis.proxy();
    [client, otherClient] = [redis.connectVia(proxy), redis.connect()];
  });
  afterAll(() => redis.stop());

  storeSuite({
    test,
    fc,
    unitMs: 60_000,
    factory: async (request) =>
      redisFixture({ keyPrefix: redis.keyPrefix, client, otherClient, outage }, request),
    capabilities,
    spoilings,
  });

  async function outage() {
    proxy.holdRequests();
    return async () => proxy.release();
  }
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
    unitMs: 60_000,
    runs: 30,
    factory: async (request) =>
      redisFixture({ keyPrefix: "", client, otherClient, outage }, request),
    capabilities,
    spoilings,
  });

  async function outage() {
    const signalAll = (signal: NodeJS.Signals): void => {
      for (const { pid } of cluster.nodes) process.kill(pid, signal);
    };
    signalAll("SIGSTOP");
    return async () => signalAll("SIGCONT");
  }
});
