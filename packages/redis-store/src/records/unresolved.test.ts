import { repliesOf } from "@exactly-once/core/ports";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { keySpace } from "../keys.js";
import { redisStore, type RedisStore } from "../store.js";
import { givenRedis, type GivenRedis } from "../testing/given-redis.js";
import { acceptedNow, claimOf, digest, leaseOf, startOf } from "../testing/requests.js";
import { spoil } from "../testing/spoilings.js";

let redis: GivenRedis;
let client: Redis;
let keyPrefix: string;
let store: RedisStore;
let tests = 0;

beforeAll(async () => {
  redis = await givenRedis();
  client = redis.connect();
});

beforeEach(() => {
  keyPrefix = `${redis.keyPrefix}${(tests += 1)}:`;
  store = redisStore({ client, keyPrefix, pageSize: 3 });
});

afterAll(() => redis.stop());

async function begun(key: string, attemptNumber = 1) {
  const lease = leaseOf(key);
  await store.claim([claimOf(key)]);
  await store.begin({ ...startOf(lease), attemptNumber });
  return { ...lease, effect: "email", attemptNumber };
}

async function all(of = store) {
  const pages = [await of.unresolved()];
  for (let next = pages[0]?.next; next !== undefined; next = pages.at(-1)?.next) {
    pages.push(await of.unresolved(next));
  }
  return pages;
}

const keysOf = (pages: Awaited<ReturnType<typeof all>>) =>
  pages.flatMap(({ items }) => items.map(({ key }) => key));

describe("the attention index", () => {
  const placesOf = (key: string) => keySpace(keyPrefix).locate(key);

  it("is left by what is settled, in the same step", async () => {
    const key = digest("left");
    const ref = await begun(key);
    const [, attention] = placesOf(key);
    expect(await client.zrange(attention, 0, -1)).toEqual([`email ${key}`]);
    await store.settle(ref, acceptedNow());
    expect(await client.exists(attention)).toBe(0);
  });

  it("is tidied of what isn't so any more", async () => {
    const key = digest("gone");
    await begun(key);
    const [record, attention] = placesOf(key);
    await client.del(record);
    expect(await store.unresolved()).toEqual({ items: [], unreadable: [] });
    expect(await client.exists(attention)).toBe(0);
  });

  it("is tidied of what can be read again", async () => {
    const key = digest("mended");
    const ref = await begun(key);
    await store.settle(ref, acceptedNow());
    const [record, attention] = placesOf(key);
    const mend = await spoil(client, record, "an unknown state");
    expect((await store.unresolved()).unreadable).toEqual([]);
    await store.read([key]);
    expect((await store.unresolved()).unreadable).toEqual([{ key, why: "state 9" }]);
    await mend();
    expect((await store.unresolved()).unreadable).toEqual([]);
    expect(await client.exists(attention)).toBe(0);
  });
});

describe("pages of what needs attention", () => {
  it("come in the order of deadlines, whatever the bucket, each item once", async () => {
    const spans = Array.from({ length: 20 }, (_, i) => (i * 7) % 20);
    const keys = spans.map((span) => digest(`span ${span}`));
    const sameBucket = spans.map((span) => `aa${digest(`other ${span}`).slice(2)}`);
    for (const of of [keys, sameBucket]) {
      await Promise.all(
        of.map(async (key, i) => {
          await store.claim([claimOf(key)]);
          const timeoutMs = 60_000 + (spans[i] ?? 0) * 1_000;
          await store.begin({ ...startOf(leaseOf(key)), timeoutMs });
          await store.release([leaseOf(key)]);
        }),
      );
    }
    const pages = await all();
    expect(pages.every(({ items }) => items.length <= 3)).toBe(true);
    const deadlines = pages.flatMap(({ items }) => items.map(({ attempt }) => attempt.deadline));
    expect(deadlines).toEqual([...deadlines].sort((a, b) => a - b));
    expect(keysOf(pages).sort()).toEqual([...keys, ...sameBucket].sort());
  });

  it("tell equal deadlines of one bucket apart", async () => {
    const keys = Array.from({ length: 10 }, (_, i) => `bb${digest(`equal ${i}`).slice(2)}`);
    await Promise.all(keys.map((key) => begun(key)));
    repliesOf(await store.release(keys.map((key) => leaseOf(key))));
    const [, attention] = keySpace(keyPrefix).locate(keys[0] ?? "");
    for (const member of await client.zrange(attention, 0, -1))
      await client.zadd(attention, 5, member);
    expect(keysOf(await all()).sort()).toEqual([...keys].sort());
  });
});
