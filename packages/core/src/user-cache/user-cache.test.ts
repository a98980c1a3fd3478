import { describe, expect, it } from "vitest";

import { fakeUserPool, type FakeUser } from "../testing/fake-user-pool.js";
import { createVirtualClock } from "../testing/virtual-clock.js";
import type { UserCacheEvent } from "./events.js";
import type { UserCacheOptions } from "./options.js";
import { createUserCache } from "./user-cache.js";

const MINUTE = 60_000;

function setUp(overrides: Partial<UserCacheOptions<FakeUser>> = {}, size = 95) {
  const clock = createVirtualClock();
  const pool = fakeUserPool({ clock, size });
  const events: UserCacheEvent[] = [];
  const cache = createUserCache<FakeUser>({
    source: pool.source,
    keys: (user) => (user.person === undefined ? [] : [user.person]),
    identity: (user) => user.sub,
    ttlMs: 15 * MINUTE,
    listingDelayMs: 0,
    clock,
    randomness: { random: () => 0.5, id: () => "owner" },
    observe: (event) => events.push(event),
    ...overrides,
  });
  const told = (type: UserCacheEvent["type"]) => events.filter((event) => event.type === type);
  return { clock, pool, cache, events, told };
}

async function warm(overrides: Partial<UserCacheOptions<FakeUser>> = {}, size = 95) {
  const set = setUp(overrides, size);
  set.cache.start();
  await set.clock.run(set.cache.ready());
  return set;
}

describe("a user cache that fills", () => {
  it("walks the pool once and is ready when the walk is over", async () => {
    const { clock, cache, pool, told } = await warm();
    expect([clock.monotonic(), pool.walks, pool.pages]).toEqual([1_000, 1, 10]);
    expect(cache.stats()).toMatchObject({ state: "fresh", users: 95, entries: 95, origin: "walk" });
    expect(told("page")).toHaveLength(10);
    await cache.stop();
  });

  it("defers what is asked before, after a short wait and with a hint", async () => {
    const { clock, cache } = setUp();
    cache.start();
    const early = await clock.run(cache.lookup("person-3", { waitMs: 300 }));
    expect(early).toMatchObject({ status: "defer", reason: "cold" });
    expect(clock.monotonic()).toBe(300);
    await cache.stop();
  });

  it("answers who waits as soon as the snapshot is there: 50 misses, one walk", async () => {
    const { clock, cache, pool } = setUp();
    cache.start();
    const asked = Array.from({ length: 50 }, (_, n) =>
      cache.lookup(`person-${n}`, { waitMs: 5_000 }),
    );
    const answers = await clock.run(Promise.all(asked));
    expect(answers.map((answer) => answer.status)).toEqual(Array(50).fill("found"));
    expect([pool.walks, clock.monotonic()]).toEqual([1, 1_000]);
    await cache.stop();
  });

  it("reports progress, and how long it will take once it knows the size", async () => {
    const { clock, cache, told } = await warm();
    cache.refresh();
    await clock.advance(500);
    expect(cache.stats().progress).toMatchObject({ pages: 5, users: 50, expectedUsers: 95 });
    expect(told("page").at(-1)).toMatchObject({ usersPerSecond: 100, etaMs: 450 });
    await cache.stop();
  });

  it("gives up waiting when the caller's signal aborts", async () => {
    const { clock, cache } = setUp();
    cache.start();
    const abort = new AbortController();
    const asked = cache.lookup("person-1", { waitMs: 900, signal: abort.signal });
    await clock.advance(10);
    abort.abort();
    expect(await clock.run(asked)).toMatchObject({ status: "defer" });
    expect(clock.monotonic()).toBe(10);
    await cache.stop();
  });

  it("says that it is not ready, and defers, once it was stopped", async () => {
    const { clock, cache } = setUp();
    cache.start();
    const ready = cache.ready();
    await clock.run(cache.stop());
    expect(await ready).toBe(false);
    expect(await cache.lookup("person-1")).toMatchObject({ status: "defer", reason: "stopped" });
    expect(clock.sleeping).toBe(0);
  });
});

describe("what a lookup finds", () => {
  it("gives every account of a person, and each account once", async () => {
    const { clock, pool, cache } = setUp();
    pool.users = [
      { sub: "a", person: "p" },
      { sub: "b", person: "p" },
      { sub: "a", person: "p" },
    ];
    cache.start();
    await clock.run(cache.ready());
    const result = await cache.lookup("p");
    expect(result.status === "found" && result.users.map((user) => user.sub).sort()).toEqual([
      "a",
      "b",
    ]);
    await cache.stop();
  });

  it("counts users without the attribute, and keeps going", async () => {
    const { clock, pool, cache } = setUp();
    pool.users = [{ sub: "a" }, { sub: "b", person: "" }, { sub: "c", person: "p" }];
    cache.start();
    await clock.run(cache.ready());
    expect(cache.stats()).toMatchObject({ users: 3, entries: 1 });
    expect(await cache.lookup("")).toMatchObject({ status: "absent" });
    await cache.stop();
  });

  it("does not confuse keys with properties of objects", async () => {
    const { cache } = await warm();
    for (const key of ["__proto__", "constructor", "toString"]) {
      expect(await cache.lookup(key)).toMatchObject({ status: "absent" });
    }
    await cache.stop();
  });
});

describe("accounts that won't do", () => {
  it("are looked at again for an event newer than the snapshot, and then found as they are", async () => {
    const { clock, pool, cache } = await warm({ waitMs: 2_000 });
    const acceptable = (users: readonly FakeUser[]) => users.length === 1;
    pool.users.push({ sub: "second", person: "person-1" }, { sub: "2nd", person: "person-2" });
    cache.refresh();
    await clock.advance(2_000);
    await clock.advance(2 * MINUTE);
    pool.users = pool.users.filter((user) => user.sub !== "second");
    const freshAfter = clock.now();
    const ask = (id: string) => clock.run(cache.lookup(id, { freshAfter, acceptable }));

    expect(await ask("person-1")).toMatchObject({ users: [{ sub: "sub-1" }], asOf: freshAfter });
    expect(await ask("person-2")).toMatchObject({ users: [{}, {}], asOf: freshAfter });
    expect(pool.walks).toBe(3);
    await cache.stop();
  });

  it("are found as they are where nothing newer is asked for", async () => {
    const { cache, pool } = await warm();
    const found = await cache.lookup("person-1", { acceptable: () => false });
    expect(found).toMatchObject({ status: "found" });
    expect(pool.walks).toBe(1);
    await cache.stop();
  });
});

describe("a directory that shows what was changed only after a while", () => {
  const LAG_MS = 3_000;

  /** An account that is made now, and listed after the lag. */
  async function newcomer(overrides: Partial<UserCacheOptions<FakeUser>> = {}) {
    const set = await warm({ listingDelayMs: 5_000, ...overrides });
    const { clock, pool } = set;
    await clock.advance(2 * MINUTE);
    const sentAt = clock.now();
    void clock.sleep(LAG_MS).then(() => pool.users.push({ sub: "new", person: "new-person" }));
    return { ...set, sentAt };
  }

  it("has nobody taken for absent by a walk begun too soon after the event", async () => {
    const { clock, cache, pool, sentAt } = await newcomer({ minIntervalMs: 0 });
    const ask = () => clock.run(cache.lookup("new-person", { freshAfter: sentAt }));
    cache.refresh();
    const answers: string[] = [];
    for (let answer = await ask(); answer.status !== "found"; answer = await ask()) {
      answers.push(answer.status);
      if (answer.status === "absent") break;
      await clock.advance(answer.retryAfterMs);
    }
    expect(answers).toEqual(["defer"]);
    // The one asked for too early, and the one that counts.
    expect(pool.walks).toBe(3);
    await cache.stop();
  });

  it("is walked once it can answer, not before, and not again and again", async () => {
    const { clock, cache, pool, sentAt } = await newcomer({ minIntervalMs: 0 });
    const walks = () => pool.walks - 1;
    expect(await clock.run(cache.lookup("nobody", { freshAfter: sentAt }))).toMatchObject({
      status: "defer",
    });
    await clock.advance(3_999);
    expect(walks()).toBe(0);
    await clock.advance(1 + 1_000);
    expect(await clock.run(cache.lookup("nobody", { freshAfter: sentAt }))).toEqual({
      status: "absent",
      asOf: sentAt + 5_000,
    });
    await clock.advance(5 * MINUTE);
    expect(walks()).toBe(1);
    await cache.stop();
  });

  it("is walked in time although somebody new is asked for all the while", async () => {
    const { clock, cache, pool, sentAt } = await newcomer({ minIntervalMs: 0 });
    for (let second = 0; second < 10; second += 1) {
      await clock.run(cache.lookup(`nobody-${second}`, { freshAfter: clock.now(), waitMs: 0 }));
      await clock.advance(1_000);
    }
    const found = await clock.run(cache.lookup("new-person", { freshAfter: sentAt }));
    expect(found).toMatchObject({ status: "found" });
    expect(pool.walks).toBeLessThanOrEqual(4);
    await cache.stop();
  });

  it("defers until a walk can answer, though one is under way that can't", async () => {
    const { clock, cache, sentAt } = await newcomer({ minIntervalMs: 0 });
    cache.refresh();
    const answer = await clock.run(cache.lookup("x", { freshAfter: sentAt, waitMs: 200 }));
    expect(answer.status === "defer" && answer.retryAfterMs).toBeGreaterThanOrEqual(4_800);
    await cache.stop();
  });
});

describe("an answer that nobody is there", () => {
  it("is given from a snapshot newer than the event", async () => {
    const { clock, cache } = await warm();
    const asOf = clock.now() - 1_000;
    expect(await cache.lookup("nobody", { freshAfter: asOf })).toEqual({ status: "absent", asOf });
    await cache.stop();
  });

  it("is not given for an event newer than the snapshot: refresh, wait, defer, then know", async () => {
    const { clock, pool, cache } = await warm();
    await clock.advance(2 * MINUTE);
    pool.users.push({ sub: "new", person: "new-person" });
    const sentAt = clock.now();
    const ask = (id: string) => clock.run(cache.lookup(id, { freshAfter: sentAt, waitMs: 200 }));

    expect(await ask("new-person")).toMatchObject({ status: "defer", reason: "refreshing" });
    expect(await ask("never-there")).toMatchObject({ status: "defer", reason: "refreshing" });
    await clock.advance(2_000);
    expect(await ask("new-person")).toMatchObject({ status: "found" });
    expect(await ask("never-there")).toMatchObject({ status: "absent" });
    expect(pool.walks).toBe(2);
    await cache.stop();
  });

  it("waits long enough to be found where the walk is short", async () => {
    const { clock, pool, cache } = await warm({ waitMs: 5_000 });
    await clock.advance(2 * MINUTE);
    pool.users.push({ sub: "new", person: "new-person" });
    const found = await clock.run(cache.lookup("new-person", { freshAfter: clock.now() }));
    expect(found).toMatchObject({ status: "found" });
    await cache.stop();
  });

  it("asks for a second walk when the event came during the first", async () => {
    const { clock, pool, cache } = await warm({ minIntervalMs: 0 });
    cache.refresh();
    await clock.advance(950);
    pool.users.unshift({ sub: "new", person: "new-person" });
    const sentAt = clock.now();
    await clock.run(cache.lookup("new-person", { freshAfter: sentAt, waitMs: 0 }));
    await clock.advance(3_000);
    expect(await cache.lookup("new-person", { freshAfter: sentAt })).toMatchObject({
      status: "found",
    });
    expect(pool.walks).toBe(3);
    await cache.stop();
  });

  it("does not make unknown people walk the pool without end", async () => {
    const { clock, pool, cache } = await warm({ minIntervalMs: MINUTE });
    for (let second = 0; second < 120; second += 1) {
      await clock.run(cache.lookup(`nobody-${second}`, { freshAfter: clock.now(), waitMs: 0 }));
      await clock.advance(1_000);
    }
    expect(pool.walks).toBeLessThanOrEqual(3);
    await cache.stop();
  });

  it("is believed for a while only", async () => {
    const { clock, pool, cache } = await warm({ absentTtlMs: 5 * MINUTE });
    await clock.advance(5 * MINUTE);
    expect(await cache.lookup("nobody")).toMatchObject({ status: "absent" });
    await clock.advance(1);
    const later = await clock.run(cache.lookup("nobody", { waitMs: 2_000 }));
    expect(later).toMatchObject({ status: "absent", asOf: clock.now() - 1_000 });
    expect(pool.walks).toBe(2);
    await cache.stop();
  });

  it("ignores an event's time that lies in another year", async () => {
    const { clock, cache } = await warm();
    const result = await cache.lookup("nobody", {
      freshAfter: clock.now() + 365 * 24 * 60 * MINUTE,
    });
    expect(result).toMatchObject({ status: "absent" });
    await cache.stop();
  });
});
