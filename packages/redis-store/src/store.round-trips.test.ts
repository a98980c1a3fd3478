import { repliesOf } from "@exactly-once/core/ports";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { redisStore, type RedisStore } from "./store.js";
import { givenRedis, type GivenRedis } from "./testing/given-redis.js";
import { acceptedNow, claimOf, leaseOf, startOf } from "./testing/requests.js";
import type { TcpProxy } from "./testing/tcp-proxy.js";

let redis: GivenRedis;
let proxy: TcpProxy;
let store: RedisStore;
let prefix: string;

beforeEach(async () => {
  redis = await givenRedis();
  proxy = await redis.proxy();
  prefix = redis.keyPrefix;
  store = redisStore({ client: redis.connectVia(proxy), keyPrefix: prefix });
  await runThrough("warm-up");
});

afterEach(() => redis.stop());

async function runThrough(key: string): Promise<void> {
  const lease = leaseOf(key);
  await store.claim([claimOf(key)]);
  await store.begin(startOf(lease));
  await store.settle({ ...lease, effect: "email", attemptNumber: 1 }, acceptedNow());
  await store.extend([{ ...lease, leaseMs: 60_000 }]);
  await store.complete([lease]);
  await store.release([lease]);
  await store.read([key]);
}

async function counted(work: () => Promise<unknown>): Promise<number> {
  const before = proxy.roundTrips;
  await work();
  return proxy.roundTrips - before;
}

const keys = Array.from({ length: 10 }, (_, i) => `key ${i}`);
const leases = keys.map((key) => leaseOf(key));

describe("a batch of ten", () => {
  it.each<[string, () => Promise<unknown>]>([
    ["claims", () => store.claim(keys.map((key) => claimOf(key)))],
    ["extensions", () => store.extend(leases.map((lease) => ({ ...lease, leaseMs: 1 })))],
    ["completions", () => store.complete(leases)],
    ["releases", () => store.release(leases)],
    ["reads", () => store.read(keys)],
  ])("%s is one round trip", async (_name, batch) => {
    expect(await counted(batch)).toBe(1);
  });
});

describe("what is asked for in one turn", () => {
  it.each([
    [15, 1],
    [16, 2],
    [200, 2],
  ])("%i commands leave in %i pipelines, answered in order", async (count, pipelines) => {
    const client = redis.connect();
    const own = redisStore({ client, keyPrefix: `${prefix}halves-` });
    const many = Array.from({ length: count }, (_, i) => `key ${i}`);
    await own.claim([claimOf("key 0", "somebody-else"), claimOf(`key ${count - 1}`, "another")]);
    const pipeline = vi.spyOn(client, "pipeline");
    const replies = repliesOf(await own.claim(many.map((key) => claimOf(key))));
    expect(pipeline).toHaveBeenCalledTimes(pipelines);
    const busy = replies.flatMap(({ status }, i) => (status === "busy" ? [i] : []));
    expect(busy).toEqual([0, count - 1]);
  });
});

describe("concurrent handlers", () => {
  it("share the round trips of begin, settle, reservations and counts", async () => {
    await store.claim(keys.map((key) => claimOf(key)));
    const begins = () => Promise.all(leases.map((lease) => store.begin(startOf(lease))));
    const reserve = () =>
      store.tripwire.reserve({ digest: "d", holder: "h", fence: 1, windowMs: 1_000 });
    await reserve();
    expect(await counted(() => Promise.all([begins(), reserve()]))).toBe(1);
    const settles = () =>
      Promise.all(
        leases.map((lease) =>
          store.settle({ ...lease, effect: "email", attemptNumber: 1 }, acceptedNow()),
        ),
      );
    expect(await counted(settles)).toBe(1);
  });

  it("need few of them a message at concurrency 50, each going its own way", async () => {
    const MESSAGES = 2_000;
    let next = 0;
    const handler = async (): Promise<void> => {
      while (next < MESSAGES) {
        const key = `message ${(next += 1)}`;
        const lease = leaseOf(key);
        await store.claim([claimOf(key)]);
        await store.begin(startOf(lease));
        // The provider takes its time, a different one for each.
        await new Promise((resolve) => setTimeout(resolve, 5 + (next % 20)));
        await store.settle({ ...lease, effect: "email", attemptNumber: 1 }, acceptedNow());
        await store.complete([lease]);
      }
    };
    const trips = await counted(() => Promise.all(Array.from({ length: 50 }, handler)));
    console.log(`${(trips / MESSAGES).toFixed(2)} round trips a message at concurrency 50`);
    expect(trips / MESSAGES).toBeLessThanOrEqual(1.2);
  });
});

describe("a done record", () => {
  it("takes less than 300 bytes", async () => {
    const key = "0123456789abcdef0123456789abcdef";
    const owner = "f5lxx1zz5pnorynqglhzmsp33";
    const lease = leaseOf(key, owner);
    await store.claim([claimOf(key, owner)]);
    await store.begin(startOf(lease));
    await store.settle({ ...lease, effect: "email", attemptNumber: 1 }, acceptedNow());
    await store.complete([lease]);
    const bytes = await bytesOf(`${prefix}{b01}:${key}`);
    const named = bytes - prefix.length;
    console.log(`${named} bytes a done record`);
    expect(named).toBeLessThan(300);
  });

  async function bytesOf(name: string): Promise<number> {
    return Number(await redis.connect().memory("USAGE", name));
  }
});
