import { storeSuite } from "@exactly-once/core/testing";
import { afterAll, beforeAll, describe, test } from "vitest";
import fc from "../../../scripts/seeded-fast-check.mjs";
import { givenRedis, type GivenRedis } from "./testing/given-redis.js";
import { waitingFixture } from "./testing/store-fixture.js";
import type { RedisClient } from "./transport/client.js";

// Whole seconds pass, many tests at a time.
describe("a store by Redis' own clock conforms", () => {
  let redis: GivenRedis;
  let client: RedisClient;
  let otherClient: RedisClient;
  beforeAll(async () => {
    redis = await givenRedis();
    [client, otherClient] = [redis.connect(), redis.connect()];
  });
  afterAll(() => redis.stop());

  storeSuite({
    test: test.concurrent,
    fc,
    unitMs: 2_000,
    factory: async (request) =>
      waitingFixture({ keyPrefix: redis.keyPrefix, client, otherClient }, request),
    capabilities: {
      durable: true,
      shared: true,
      clock: "store",
      control: true,
      tripwire: true,
      outage: false,
    },
  });
});
