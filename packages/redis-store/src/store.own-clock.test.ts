import { repliesOf } from "@exactly-once/core/ports";
import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { redisStore, type RedisStore } from "./store.js";
import { givenRedis, type GivenRedis } from "./testing/given-redis.js";
import { claimOf, digest, leaseOf } from "./testing/requests.js";

// What the conformance suite can't show, as its Redis is told the time: by whose clock leases and
// retentions end. `store.own-clock.proof.ts` runs the whole suite so.

const DAY_MS = 86_400_000;
const realNow = Date.now;

let redis: GivenRedis;
let client: Redis;
beforeAll(async () => {
  redis = await givenRedis();
  client = redis.connect();
});
afterEach(() => {
  Date.now = realNow;
});
afterAll(() => redis.stop());

const storeOf = (retentionMs = DAY_MS): RedisStore =>
  redisStore({ client, keyPrefix: redis.keyPrefix, retentionMs });

let keys = 0;
const newKey = (): string => digest(`key ${(keys += 1)}`);

async function serverNow(): Promise<number> {
  const [seconds, micros] = await client.time();
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
}

it.each([-DAY_MS, 0, DAY_MS])(
  "a lease ends by Redis' clock, with a caller's that is %i ms off",
  async (offMs) => {
    Date.now = () => realNow() + offMs;
    const store = storeOf();
    const [long, short] = [newKey(), newKey()];
    await store.claim([claimOf(long, "a", 600_000), claimOf(short, "a", 300)]);
    const [view] = repliesOf(await store.read([short]));
    await expect
      .poll(async () => (await store.claim([claimOf(short, "b")]))[0])
      .toMatchObject({ status: "claimed", fence: 2 });
    expect(await serverNow()).toBeGreaterThanOrEqual(view?.leaseUntil ?? Infinity);
    expect(await store.claim([claimOf(long, "b")])).toMatchObject([{ status: "busy" }]);
  },
);

it("a done record is forgotten by Redis' clock", async () => {
  const store = storeOf(300);
  const key = newKey();
  await store.claim([claimOf(key)]);
  const before = await serverNow();
  expect(await store.complete([leaseOf(key)])).toEqual(["done"]);
  await expect.poll(async () => (await store.read([key]))[0]).toBeUndefined();
  expect(await serverNow()).toBeGreaterThanOrEqual(before + 300);
});
