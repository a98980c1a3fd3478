import { createUserCache, type UserCacheEvent } from "@exactly-once/core/user-cache";
import { sharedSnapshotSuite } from "@exactly-once/core/testing";
import type { Redis } from "ioredis";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from "vitest";
import type { RedisClient } from "./transport/client.js";
import { givenRedis, type GivenRedis } from "./testing/given-redis.js";
import { startRedisCluster, type RedisCluster } from "./testing/redis-cluster.js";
import { startRedisServer } from "./testing/redis-server.js";
import { startTcpProxy } from "./testing/tcp-proxy.js";
import { shortenLives } from "./testing/told-time.js";
import { redisUserSnapshot } from "./user-snapshot.js";

let redis: GivenRedis;
let client: Redis;
let cluster: RedisCluster;
let clusterClient: RedisClient;

beforeAll(async () => {
  redis = await givenRedis();
  client = redis.connect();
  cluster = await startRedisCluster();
  clusterClient = cluster.connect();
});

afterAll(async () => {
  await cluster.stop();
  await redis.stop();
});

const ownPrefix = (): string => `test-${randomUUID()}`;

describe.each([
  ["Redis", () => client],
  ["a Redis cluster", () => clusterClient],
])("a shared snapshot in %s conforms", (_where, given) => {
  sharedSnapshotSuite({
    test,
    unitMs: 60_000,
    factory: async ({ graceMs }) => {
      const prefix = ownPrefix();
      const shared = redisUserSnapshot({ client: given(), prefix, graceMs });
      return { shared, elapse: (ms) => shortenLives(given(), `{${prefix}}`, ms) };
    },
  });
});

describe("a shared snapshot in Redis", () => {
  it("keeps every key in one slot, with a time to live but for the counter", async () => {
    const prefix = ownPrefix();
    const shared = redisUserSnapshot({ client, prefix });
    for (const owner of ["a", "b"]) {
      const reply = await shared.acquire({ owner, leaseMs: 10_000 });
      if (reply.status !== "granted") throw new Error("busy");
      await shared.write(reply.lease, 0, Uint8Array.of(1), 60_000);
      if (owner === "b") break;
      const manifest = { format: "f", chunks: 1, entries: 1, users: 1, asOf: 1, completedAt: 1 };
      await shared.publish(reply.lease, manifest, 60_000);
    }
    const keys = await client.keys(`{${prefix}}:*`);
    expect(keys.map((key) => key.replace(`{${prefix}}:`, "")).sort()).toEqual([
      "building",
      "fence",
      "generation:1-a",
      "head",
      "lease",
    ]);
    for (const key of keys.filter((name) => name !== `{${prefix}}:fence`)) {
      expect(await client.pttl(key)).toBeGreaterThan(0);
    }
  });

  it("follows a failover that leaves the old primary up, through a client of its own", async () => {
    const [old, next] = await Promise.all([startRedisServer(), startRedisServer()]);
    const proxy = await startTcpProxy(old);
    try {
      const own = old.connect({ port: proxy.port });
      const shared = redisUserSnapshot({ client: own, prefix: ownPrefix() });
      const reply = await shared.acquire({ owner: "a", leaseMs: 60_000 });
      if (reply.status !== "granted") throw new Error("busy");
      await shared.abandon(reply.lease);
      proxy.leadTo(next);
      await old.connect().replicaof(next.host, next.port);
      await expect(shared.acquire({ owner: "b", leaseMs: 60_000 })).rejects.toThrow(/READONLY/);
      await expect
        .poll(() => shared.acquire({ owner: "b", leaseMs: 60_000 }))
        .toMatchObject({ status: "granted" });
    } finally {
      await Promise.all([old.stop(), next.stop()]);
      await proxy.close();
    }
  });

  it("answers a publication that is sent again after a lost answer", async () => {
    const shared = redisUserSnapshot({ client, prefix: ownPrefix() });
    const reply = await shared.acquire({ owner: "a", leaseMs: 10_000 });
    if (reply.status !== "granted") throw new Error("busy");
    const manifest = { format: "f", chunks: 0, entries: 0, users: 0, asOf: 1, completedAt: 1 };
    expect(await shared.publish(reply.lease, manifest, 60_000)).toBe("published");
    expect(await shared.publish(reply.lease, manifest, 60_000)).toBe("published");
  });
});

interface Person {
  readonly id: string;
}

type Options = Parameters<typeof createUserCache<Person>>[0];

describe("user caches that share a snapshot in Redis", () => {
  const open: { stop(): Promise<void> }[] = [];
  let walks = 0;

  afterEach(async () => {
    await Promise.all(open.splice(0).map((cache) => cache.stop()));
    walks = 0;
  });

  async function* people(count: number) {
    walks += 1;
    for (let first = 0; first < count; first += 100) {
      await sleep(1);
      const users = Array.from({ length: 100 }, (_, n): Person => ({ id: `p${first + n}` }));
      yield first + 100 < count ? { users, next: String(first + 100) } : { users };
    }
  }

  function replica(connection: Redis, prefix: string, options: Partial<Options> = {}) {
    const cache = createUserCache<Person>({
      source: { pages: () => people(10_000) },
      keys: (person) => [person.id],
      ttlMs: 3_600_000,
      shared: redisUserSnapshot({ client: connection, prefix }),
      leaseMs: 600_000,
      pollMs: 20,
      sharedTimeoutMs: 600_000,
      ...options,
    });
    open.push(cache);
    cache.start();
    return cache;
  }

  it("walk once for all of them, and warm a later one without walking", async () => {
    const prefix = ownPrefix();
    const replicas = Array.from({ length: 8 }, () => replica(client, prefix));
    await Promise.all(replicas.map((cache) => cache.ready()));
    expect(walks).toBe(1);
    const ninth = replica(client, prefix);
    await ninth.ready();
    expect(ninth.stats()).toMatchObject({ origin: "shared", entries: 10_000 });
    expect(await ninth.lookup("p9999")).toMatchObject({ status: "found" });
    expect(walks).toBe(1);
  });

  it("go on with what they have, and refresh it alone, once Redis is gone", async () => {
    const own = await startRedisServer();
    const connection = own.connect();
    try {
      const events: UserCacheEvent[] = [];
      const impatient = { leaseMs: 1_000, sharedTimeoutMs: 500 };
      const cache = replica(connection, "gone", {
        ...impatient,
        observe: (event) => events.push(event),
      });
      await cache.ready();
      await own.kill();
      cache.refresh();
      await expect.poll(() => events.map(({ type }) => type)).toContain("sharedFailed");
      expect(await cache.lookup("p1")).toMatchObject({ status: "found" });

      const newcomer = replica(connection, "gone", impatient);
      expect(await newcomer.ready()).toBe(true);
      expect(newcomer.stats()).toMatchObject({ origin: "walk", entries: 10_000 });
    } finally {
      await Promise.all(open.splice(0).map((cache) => cache.stop()));
      await own.stop();
    }
  });
});
