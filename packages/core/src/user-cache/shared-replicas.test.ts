import { describe, expect, it } from "vitest";

import { fakeUserPool, type FakeUser } from "../testing/fake-user-pool.js";
import { createVirtualClock } from "../testing/virtual-clock.js";
import type { UserCacheEvent } from "./events.js";
import { memorySharedSnapshot } from "./memory-shared-snapshot.js";
import type { SharedSnapshot } from "./shared-snapshot.js";
import type { UserCacheOptions } from "./options.js";
import { createUserCache } from "./user-cache.js";

const MINUTE = 60_000;

function cluster(overrides: Partial<UserCacheOptions<FakeUser>> = {}) {
  const clock = createVirtualClock();
  const pool = fakeUserPool({ clock, size: 95 });
  const backend = memorySharedSnapshot({ clock });
  let owners = 0;
  let gone: Error | undefined;
  const operations = Object.keys(backend) as (keyof SharedSnapshot)[];
  const shared = Object.fromEntries(
    operations.map((operation) => [
      operation,
      (...input: never[]) =>
        gone
          ? Promise.reject(gone)
          : (backend[operation] as (...all: never[]) => unknown)(...input),
    ]),
  ) as unknown as SharedSnapshot;

  function replica(own: Partial<UserCacheOptions<FakeUser>> = {}) {
    const events: UserCacheEvent[] = [];
    const cache = createUserCache<FakeUser>({
      source: pool.source,
      keys: (user) => (user.person === undefined ? [] : [user.person]),
      ttlMs: 10 * MINUTE,
      listingDelayMs: 0,
      clock,
      randomness: { random: () => 0.5, id: () => `owner${owners++}` },
      shared,
      leaseMs: 3_000,
      pollMs: 500,
      observe: (event) => events.push(event),
      ...overrides,
      ...own,
    });
    cache.start();
    const told = (type: UserCacheEvent["type"]) => events.filter((event) => event.type === type);
    return { cache, told };
  }
  const fail = (error: Error | undefined) => (gone = error);
  return { clock, pool, backend, replica, fail };
}

describe("replicas that share a snapshot", () => {
  it("walk once for eight that start together, and not at all for a ninth", async () => {
    const { clock, pool, replica } = cluster();
    const eight = Array.from({ length: 8 }, () => replica().cache);
    await clock.run(Promise.all(eight.map((cache) => cache.ready())));
    expect(pool.walks).toBe(1);
    const ninth = replica().cache;
    await clock.run(ninth.ready());
    expect(ninth.stats()).toMatchObject({ origin: "shared", users: 95, entries: 95 });
    expect(await ninth.lookup("person-94")).toMatchObject({ status: "found" });
    await Promise.all([...eight, ninth].map((cache) => cache.stop()));
    expect(pool.walks).toBe(1);
  });

  it("do not walk when another published between the look and the lease", async () => {
    const { clock, pool, backend, replica } = cluster();
    let first: ReturnType<typeof replica> | undefined;
    const second = replica({
      shared: {
        ...backend,
        async acquire(request) {
          first ??= replica();
          await clock.sleep(3_000);
          return backend.acquire(request);
        },
      },
    });
    await clock.run(second.cache.ready());
    await clock.advance(100);
    expect([pool.walks, second.cache.stats().origin]).toEqual([1, "shared"]);
    expect(await backend.acquire({ owner: "any", leaseMs: 1 })).toMatchObject({
      status: "granted",
    });
    await Promise.all([first?.cache.stop(), second.cache.stop()]);
  });

  it("walk once for each round of refreshing, all of them", async () => {
    const { clock, pool, replica } = cluster();
    const eight = Array.from({ length: 8 }, (_, n) =>
      replica({ randomness: { random: () => n / 8, id: () => `owner-${n}` } }),
    );
    await clock.run(Promise.all(eight.map(({ cache }) => cache.ready())));
    await clock.advance(9 * MINUTE);
    expect(pool.walks).toBe(2);
    for (const { cache, told } of eight) {
      expect(cache.stats().state).toBe("fresh");
      expect(told("swapped")).toHaveLength(2);
      await cache.stop();
    }
  });

  it("answer an event newer than the snapshot with one walk between them", async () => {
    const { clock, pool, replica } = cluster();
    const two = [replica().cache, replica().cache];
    await clock.run(Promise.all(two.map((cache) => cache.ready())));
    await clock.advance(2 * MINUTE);
    pool.users.push({ sub: "new", person: "new" });
    const freshAfter = clock.now();
    const found = two.map((cache) => cache.lookup("new", { freshAfter, waitMs: 5_000 }));
    expect(await clock.run(Promise.all(found))).toMatchObject([
      { status: "found" },
      { status: "found" },
    ]);
    expect(pool.walks).toBe(2);
    await Promise.all(two.map((cache) => cache.stop()));
  });

  it("take over from one that dies in the middle of its walk", async () => {
    const { clock, backend, replica, pool } = cluster();
    const dead = await backend.acquire({ owner: "dead", leaseMs: 3_000 });
    if (dead.status !== "granted") throw new Error("busy");
    await backend.write(dead.lease, 0, new Uint8Array(100), MINUTE);
    const { cache, told } = replica();
    await clock.run(cache.ready());
    expect(told("waiting").length).toBeGreaterThan(0);
    expect([pool.walks, cache.stats().entries]).toEqual([1, 95]);
    expect((await backend.head())?.chunks).toBe(1);
    await cache.stop();
  });

  it("throw away what they walked when the lease went to another meanwhile", async () => {
    const { clock, pool, backend, replica } = cluster();
    const { cache, told } = replica();
    await clock.advance(500);
    // As if this process had been stopped for longer than its lease.
    await backend.abandon({ owner: "owner0", fence: 1 });
    const other = await backend.acquire({ owner: "other", leaseMs: 10_000 });
    if (other.status !== "granted") throw new Error("busy");
    await clock.advance(2_000);
    expect(told("leaseLost")).toHaveLength(1);
    expect(cache.stats().state).toBe("cold");
    await backend.abandon(other.lease);
    await clock.run(cache.ready());
    expect(pool.walks).toBe(2);
    await cache.stop();
  });

  it("begin with a stale snapshot rather than none, and refresh it at once", async () => {
    const { clock, pool, replica } = cluster();
    const first = replica().cache;
    await clock.run(first.ready());
    await first.stop();
    await clock.advance(20 * MINUTE);
    const second = replica().cache;
    await clock.run(second.ready());
    expect(second.stats()).toMatchObject({ state: "stale", origin: "shared" });
    await clock.advance(2_000);
    expect(second.stats()).toMatchObject({ state: "fresh", origin: "walk" });
    expect(pool.walks).toBe(2);
    await second.stop();
  });

  describe("in different formats, as during a roll-out", () => {
    const codec = {
      format: "other",
      encode: (user: FakeUser) => Buffer.from(`${user.sub}/${user.person}`),
      decode(bytes: Uint8Array): FakeUser {
        const [sub = "", person = ""] = Buffer.from(bytes).toString().split("/");
        return { sub, person };
      },
    };

    async function afterAnother() {
      const set = cluster();
      const first = set.replica().cache;
      await set.clock.run(first.ready());
      await first.stop();
      return set;
    }

    it("ignore the other's snapshot and publish their own", async () => {
      const { clock, pool, replica } = await afterAnother();
      const { cache } = replica({ codec });
      await clock.run(cache.ready());
      expect(pool.walks).toBe(2);
      expect(await cache.lookup("person-3")).toMatchObject({ users: [{ sub: "sub-3" }] });
      await cache.stop();
    });

    it("still know from it how large the pool was", async () => {
      const { clock, pool, replica } = await afterAnother();
      pool.users = pool.users.slice(0, 10);
      const { cache, told } = replica({ codec });
      await clock.advance(1_000);
      expect(told("refused")).toMatchObject([{ users: 10, previousUsers: 95 }]);
      await cache.stop();
    });
  });

  it("read the next generation when the one they read is removed", async () => {
    const { clock, backend, replica } = cluster();
    const first = replica().cache;
    await clock.run(first.ready());
    const former = (await backend.head())?.generation;
    const second = replica({
      shared: {
        ...backend,
        async read(generation, ...rest) {
          if (generation !== former) return backend.read(generation, ...rest);
          first.refresh();
          await clock.sleep(2_000);
          return undefined;
        },
      },
    }).cache;
    await clock.run(second.ready());
    expect(second.stats()).toMatchObject({ origin: "shared", entries: 95 });
    await Promise.all([first.stop(), second.stop()]);
  });
});

describe("replicas whose shared snapshot is unreadable", () => {
  it.each([
    ["evicted", undefined],
    ["damaged", [Uint8Array.of(1, 2, 3)]],
    ["incomplete", [new Uint8Array(0)]],
  ])("walk, one of them, and publish another, when it is %s", async (_how, chunks) => {
    const { clock, pool, backend, replica } = cluster();
    const first = replica().cache;
    await clock.run(first.ready());
    const bad = (await backend.head())?.generation;
    const read: SharedSnapshot["read"] = async (generation, ...rest) =>
      generation === bad ? chunks : backend.read(generation, ...rest);
    const two = [1, 2].map(() => replica({ shared: { ...backend, read } }).cache);
    await clock.run(Promise.all(two.map((cache) => cache.ready())));
    expect(pool.walks).toBe(2);
    expect(two.map((cache) => cache.stats().entries)).toEqual([95, 95]);
    expect((await backend.head())?.generation).not.toBe(bad);
    await Promise.all([first, ...two].map((cache) => cache.stop()));
  });
});

describe("replicas whose shared backend is gone", () => {
  it("go on with their own snapshots, and walk alone only once those are stale", async () => {
    const { clock, pool, replica, fail } = cluster();
    const { cache, told } = replica();
    await clock.run(cache.ready());
    fail(new Error("gone"));
    await clock.advance(9.9 * MINUTE);
    expect(told("sharedFailed").length).toBeGreaterThan(0);
    expect(pool.walks).toBe(1);
    await clock.advance(MINUTE);
    expect(pool.walks).toBe(2);
    expect(cache.stats()).toMatchObject({ state: "fresh", origin: "walk" });
    await cache.stop();
  });

  it("walk for themselves when they have nothing", async () => {
    const { clock, replica, fail } = cluster();
    fail(new Error("gone"));
    const { cache } = replica();
    await clock.run(cache.ready());
    expect(cache.stats()).toMatchObject({ origin: "walk", entries: 95 });
    await cache.stop();
  });

  it("finish a walk during which it went, and share the next one again", async () => {
    const { clock, backend, replica, fail } = cluster();
    const { cache, told } = replica();
    await clock.advance(300);
    fail(new Error("gone"));
    await clock.run(cache.ready());
    expect(told("sharedFailed").length).toBeGreaterThan(0);
    expect(await backend.head()).toBeUndefined();
    fail(undefined);
    await clock.advance(10_000);
    cache.refresh();
    await clock.advance(3_000);
    expect(await backend.head()).toMatchObject({ users: 95 });
    await cache.stop();
  });

  it("do not wait for a backend that hangs", async () => {
    const { clock, pool, replica, backend } = cluster();
    const hang = () => new Promise<never>(() => undefined);
    const { cache, told } = replica({
      shared: { ...backend, head: hang, acquire: hang },
      sharedTimeoutMs: 200,
    });
    await clock.run(cache.ready());
    expect([pool.walks, told("sharedFailed").length]).toEqual([1, 3]);
    await cache.stop();
  });
});
