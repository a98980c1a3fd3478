import { afterAll, beforeAll, expect, it } from "vitest";
import { race } from "./racers.fixture.js";
import { givenRedis, type GivenRedis } from "./testing/given-redis.js";

const RACERS = 20;
const KEYS = 100;

let redis: GivenRedis;
beforeAll(async () => {
  redis = await givenRedis();
});
afterAll(() => redis.stop());

// `store.races.proof.ts` has 200 of them.
it(`lets one of ${RACERS} racing connections win each of ${KEYS} keys`, async () => {
  const winners = await race(redis, { racers: RACERS, keys: KEYS });
  expect(winners).toHaveLength(KEYS);
  expect(winners.filter((each) => each.length !== 1)).toEqual([]);
  expect(new Set(winners.flat()).size).toBeGreaterThan(1);
});
