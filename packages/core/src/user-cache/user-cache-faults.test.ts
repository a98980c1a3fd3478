import { describe, expect, it } from "vitest";

import { fakeUserPool, type FakeUser } from "../testing/fake-user-pool.js";
import { createVirtualClock } from "../testing/virtual-clock.js";
import type { UserCacheEvent } from "./events.js";
import type { UserCacheOptions } from "./options.js";
import type { SourceFault } from "./source.js";
import { createUserCache } from "./user-cache.js";

const MINUTE = 60_000;
const throttled = new Error("slow down");
const badToken = new Error("bad token");
const refused = new Error("User pool eu-west-2_Nowhere does not exist.");
const FAULTS = new Map<unknown, SourceFault>([
  [throttled, "throttled"],
  [badToken, "tokenExpired"],
  [refused, "refused"],
]);

function setUp(overrides: Partial<UserCacheOptions<FakeUser>> = {}) {
  const clock = createVirtualClock();
  const pool = fakeUserPool({
    clock,
    size: 95,
    classify: (error) => FAULTS.get(error) ?? "transient",
  });
  const events: UserCacheEvent[] = [];
  const cache = createUserCache<FakeUser>({
    source: pool.source,
    keys: (user) => (user.person === undefined ? [] : [user.person]),
    ttlMs: 10 * MINUTE,
    maxStaleMs: 60 * MINUTE,
    maxPageFailures: 3,
    clock,
    randomness: { random: () => 0.5, id: () => "owner" },
    observe: (event) => events.push(event),
    ...overrides,
  });
  const told = <T extends UserCacheEvent["type"]>(type: T) =>
    events.filter((event): event is Extract<UserCacheEvent, { type: T }> => event.type === type);
  const warm = async () => {
    cache.start();
    await clock.run(cache.ready());
  };
  return { clock, pool, cache, told, warm };
}

/** Fails each page in `pages` so many times. */
function failing(pages: Record<number, number>, error: unknown = new Error("broken")) {
  const left = new Map(Object.entries(pages).map(([page, times]) => [Number(page), times]));
  return (page: number): void => {
    const times = left.get(page) ?? 0;
    left.set(page, times - 1);
    if (times > 0) throw error;
  };
}

describe("a walk that meets faults", () => {
  it("goes on from the page that failed, not from the beginning", async () => {
    const { pool, cache, told, warm } = setUp();
    pool.onPage = failing({ 4: 2, 7: 3 });
    await warm();
    expect([pool.walks, pool.pages, cache.stats().users]).toEqual([1, 10, 95]);
    expect(told("pageFailed").map((event) => event.failures)).toEqual([1, 2, 1, 2, 3]);
    await cache.stop();
  });

  it("slows down while it is throttled, for as long as that takes", async () => {
    const { pool, cache, told, warm } = setUp();
    pool.onPage = failing({ 5: 20 }, throttled);
    await warm();
    expect(cache.stats().users).toBe(95);
    const pauses = told("pageFailed").map((event) => event.retryInMs);
    expect(pauses).toHaveLength(20);
    expect(pauses[1]).toBeGreaterThan(pauses[0] ?? 0);
    expect(pauses.at(-1)).toBeLessThanOrEqual(30_000);
    await cache.stop();
  });

  it("begins again when its token is no longer taken, and counts nobody twice", async () => {
    const { pool, cache, warm } = setUp();
    pool.onPage = failing({ 5: 1 }, badToken);
    await warm();
    expect([pool.walks, cache.stats().users, cache.stats().entries]).toEqual([2, 95, 95]);
    await cache.stop();
  });

  it("begins again where the source has no tokens", async () => {
    const { clock, pool, cache, warm } = setUp({
      source: {
        async *pages({ signal }) {
          for await (const { users } of pool.source.pages({ signal })) yield { users };
        },
      },
    });
    pool.onPage = failing({ 5: 1 });
    await warm();
    expect([pool.walks, cache.stats().users]).toEqual([2, 95]);
    await clock.run(cache.stop());
  });

  it("does not take a source that just ends for a source that is finished", async () => {
    let cuts = 1;
    const { pool, cache, warm } = setUp({
      source: {
        async *pages(options) {
          for await (const page of pool.source.pages(options)) {
            yield page;
            if (cuts-- > 0) return;
          }
        },
      },
    });
    await warm();
    expect(cache.stats().users).toBe(95);
    await cache.stop();
  });

  it("counts a page that hangs as failed", async () => {
    const { clock, pool, cache, told, warm } = setUp({ pageTimeoutMs: 2_000 });
    let hangs = 1;
    pool.onPage = (page) =>
      page === 3 && hangs-- > 0 ? clock.sleep(3_600_000) : Promise.resolve();
    await warm();
    expect(cache.stats().users).toBe(95);
    expect(String(told("pageFailed")[0]?.error)).toContain("2000 ms");
    await cache.stop();
  });

  it("is given up at once where the source says what somebody has to mend, and told", async () => {
    const { clock, pool, cache, told } = setUp();
    pool.onPage = () => {
      throw refused;
    };
    cache.start();
    await expect(clock.run(cache.ready())).rejects.toThrow(
      "createUserCache: the source refuses to be walked (Error: User pool eu-west-2_Nowhere does not exist.).",
    );
    expect(told("failed")).toMatchObject([{ fault: "refused", error: refused }]);
    expect(told("pageFailed")).toEqual([]);
    pool.onPage = () => undefined;
    await clock.advance(6_000);
    expect(await cache.ready()).toBe(true);
    await cache.stop();
  });

  it("is given up after too many failures, and tried again later", async () => {
    const { clock, pool, cache, told } = setUp();
    pool.onPage = () => {
      throw new Error("down");
    };
    cache.start();
    await clock.advance(MINUTE);
    expect(told("failed").length).toBeGreaterThanOrEqual(2);
    expect(cache.stats()).toMatchObject({ state: "cold" });
    pool.onPage = () => undefined;
    await clock.run(cache.ready());
    expect(cache.stats()).toMatchObject({ state: "fresh", failuresInARow: 0 });
    await cache.stop();
  });
});

describe("the snapshot that serves", () => {
  it("is replaced ahead of its time, beside lookups that it goes on answering", async () => {
    const { clock, pool, cache, told, warm } = setUp({ absentTtlMs: 10 * MINUTE });
    await warm();
    pool.users.push({ sub: "new", person: "new" });
    await clock.advance(7.5 * MINUTE);
    await clock.advance(500);
    expect(told("started").map((event) => event.reason)).toEqual(["cold", "expiring"]);
    expect(await cache.lookup("person-90")).toMatchObject({ status: "found" });
    expect(await cache.lookup("new")).toMatchObject({ status: "absent" });
    await clock.advance(1_000);
    expect(await cache.lookup("new")).toMatchObject({ status: "found" });
    expect(told("servedStale")).toEqual([]);
    await cache.stop();
  });

  it("is refreshed at a time that chance spreads over a tenth of its life", async () => {
    const startedAt: number[] = [];
    for (const chance of [0, 0.999]) {
      const randomness = { random: () => chance, id: () => "owner" };
      const { clock, pool, cache, warm } = setUp({ randomness });
      await warm();
      const since = clock.monotonic();
      while (pool.walks === 1) await clock.advance(1_000);
      startedAt.push(Math.round((clock.monotonic() - since) / MINUTE));
      await cache.stop();
    }
    expect(startedAt).toEqual([8, 7]);
  });

  it("serves on, and says so once, while rebuilds fail; but not for ever", async () => {
    const { clock, pool, cache, told, warm } = setUp();
    await warm();
    pool.onPage = () => {
      throw new Error("down");
    };
    await clock.advance(30 * MINUTE);
    for (let times = 0; times < 3; times += 1) {
      expect(await cache.lookup("person-1")).toMatchObject({ status: "found" });
    }
    expect(cache.stats().state).toBe("stale");
    expect(told("servedStale")).toHaveLength(1);

    await clock.advance(41 * MINUTE);
    const late = await clock.run(cache.lookup("person-1", { waitMs: 10 }));
    expect(late).toMatchObject({ status: "defer", reason: "expired" });
    expect(told("expired")).toHaveLength(1);

    pool.onPage = () => undefined;
    await clock.advance(6 * MINUTE);
    expect(await cache.lookup("person-1")).toMatchObject({ status: "found" });
    await cache.stop();
  });

  it("is never replaced by half of a pool, unless an operator says that it's so", async () => {
    const { clock, pool, cache, told, warm } = setUp();
    await warm();
    pool.users = pool.users.slice(0, 40);
    cache.refresh();
    await clock.advance(2_000);
    expect(told("refused")).toMatchObject([{ users: 40, previousUsers: 95 }]);
    expect(await cache.lookup("person-90")).toMatchObject({ status: "found" });

    cache.refresh({ acceptShrink: true });
    await clock.advance(2_000);
    expect(cache.stats()).toMatchObject({ users: 40, failuresInARow: 0 });
    pool.users = pool.users.slice(0, 10);
    cache.refresh();
    await clock.advance(2_000);
    expect(cache.stats().users).toBe(40);
    await cache.stop();
  });

  it("is not replaced by users who can't be found, as when an attribute became unreadable", async () => {
    const { clock, pool, cache, told, warm } = setUp();
    await warm();
    pool.users = pool.users.map(({ sub }) => ({ sub }));
    cache.refresh();
    await clock.advance(2_000);
    expect(told("refused")).toMatchObject([{ users: 95, entries: 0, previousEntries: 95 }]);
    await cache.stop();
  });

  it("is not an empty one at the start either", async () => {
    const { clock, pool, cache, told } = setUp();
    pool.users = [];
    cache.start();
    await clock.advance(1_000);
    expect(told("refused")).toMatchObject([{ users: 0, previousUsers: 0 }]);
    expect(cache.stats().state).toBe("cold");
    await cache.stop();
  });

  it("is not harmed by an observer that throws", async () => {
    const { cache, warm } = setUp({
      observe() {
        throw new Error("observer");
      },
    });
    await warm();
    expect(cache.stats().state).toBe("fresh");
    await cache.stop();
  });
});

describe("a source that can find single users", () => {
  function findable(overrides: Partial<UserCacheOptions<FakeUser>> = {}) {
    const set = setUp();
    let asked = 0;
    let fault: Error | undefined;
    const cache = createUserCache<FakeUser>({
      source: {
        pages: set.pool.source.pages,
        async find(id) {
          asked += 1;
          await set.clock.sleep(50);
          if (fault) throw fault;
          return set.pool.users.filter((user) => user.person === id);
        },
      },
      keys: (user) => (user.person === undefined ? [] : [user.person]),
      ttlMs: 10 * MINUTE,
      clock: set.clock,
      randomness: { random: () => 0.5, id: () => "owner" },
      ...overrides,
    });
    return {
      ...set,
      cache,
      asked: () => asked,
      fail: (error: Error | undefined) => (fault = error),
    };
  }

  it("answers before there is a snapshot, once for all who ask", async () => {
    const { clock, cache, asked } = findable();
    cache.start();
    const both = await clock.run(Promise.all([cache.lookup("person-7"), cache.lookup("person-7")]));
    expect(both.map((result) => result.status)).toEqual(["found", "found"]);
    expect([asked(), clock.monotonic()]).toEqual([1, 50]);
    await cache.stop();
  });

  it("answers for a person newer than the snapshot without a walk", async () => {
    const { clock, pool, cache, asked } = findable({ listingDelayMs: 5_000 });
    cache.start();
    await clock.run(cache.ready());
    await clock.advance(MINUTE);
    pool.users.push({ sub: "new", person: "new" });
    const freshAfter = clock.now();
    const ask = (id: string) => clock.run(cache.lookup(id, { freshAfter }));
    expect(await ask("new")).toMatchObject({ status: "found" });
    const early = await ask("nobody");
    expect(early).toMatchObject({ status: "defer" });
    await clock.advance(early.status === "defer" ? early.retryAfterMs : 0);
    expect(await ask("nobody")).toMatchObject({ status: "absent" });
    expect(await ask("nobody")).toMatchObject({ status: "absent" });
    expect([asked(), pool.walks]).toEqual([3, 1]);
    await cache.stop();
  });

  it("believes that somebody is absent for a while only", async () => {
    const { clock, pool, cache } = findable({ absentTtlMs: MINUTE });
    cache.start();
    await clock.run(cache.ready());
    await clock.advance(2 * MINUTE);
    expect(await clock.run(cache.lookup("late"))).toMatchObject({ status: "absent" });
    pool.users.push({ sub: "late", person: "late" });
    await clock.advance(30_000);
    expect(await clock.run(cache.lookup("late"))).toMatchObject({ status: "absent" });
    await clock.advance(31_000);
    expect(await clock.run(cache.lookup("late"))).toMatchObject({ status: "found" });
    await cache.stop();
  });

  it("falls back to the walk when finding fails", async () => {
    const { clock, cache, fail } = findable();
    fail(new Error("down"));
    cache.start();
    const found = await clock.run(cache.lookup("person-7", { waitMs: 5_000 }));
    expect(found).toMatchObject({ status: "found" });
    await cache.stop();
  });
});
