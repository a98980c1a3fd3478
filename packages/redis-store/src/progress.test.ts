import { afterAll, beforeAll, expect, it } from "vitest";
import { redisStore } from "./store.js";
import { givenRedis, type GivenRedis } from "./testing/given-redis.js";

let redis: GivenRedis;
beforeAll(async () => (redis = await givenRedis()));
afterAll(() => redis.stop());

it("the mark of processed events only moves forward, for all replicas of one namespace", async () => {
  const { keyPrefix } = redis;
  const [one, other] = [redis.connect(), redis.connect()].map(
    (client) => redisStore({ client, keyPrefix }).progress,
  );
  expect(await one?.read("tis")).toBeUndefined();
  await one?.advance("tis", 1_800_000_000_500);
  await other?.advance("tis", 1_800_000_000_200);
  await other?.advance("elsewhere", 7);
  expect(await one?.read("tis")).toBe(1_800_000_000_500);
  expect(await one?.read("elsewhere")).toBe(7);
});
