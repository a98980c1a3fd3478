import { describe, expect, it } from "vitest";

import { createVirtualClock } from "./virtual-clock.js";

describe("a virtual clock", () => {
  it("stands still until it is advanced", async () => {
    const clock = createVirtualClock(1_000);
    let woke = false;
    void clock.sleep(100).then(() => (woke = true));
    await clock.advance(99);
    expect([clock.now(), clock.monotonic(), woke]).toEqual([1_099, 99, false]);
    await clock.advance(1);
    expect(woke).toBe(true);
  });

  it("wakes sleepers by due time, then by who fell asleep first", async () => {
    const clock = createVirtualClock();
    const woken: string[] = [];
    const sleeper = async (name: string, ms: number) => {
      await clock.sleep(ms);
      woken.push(`${name}@${clock.monotonic()}`);
    };
    void sleeper("late", 20);
    void sleeper("first", 10);
    void sleeper("second", 10);
    await clock.advance(50);
    expect(woken).toEqual(["first@10", "second@10", "late@20"]);
    expect(clock.monotonic()).toBe(50);
  });

  it("runs long promise chains to their end, and naps they start, on the way", async () => {
    const clock = createVirtualClock();
    const seen: number[] = [];
    void (async () => {
      for (let i = 0; i < 5; i += 1) {
        await clock.sleep(10);
        for (let hop = 0; hop < 500; hop += 1) await Promise.resolve();
        seen.push(clock.monotonic());
      }
    })();
    await clock.advance(35);
    expect(seen).toEqual([10, 20, 30]);
    await clock.runUntilIdle();
    expect(seen).toEqual([10, 20, 30, 40, 50]);
  });

  it("wakes a sleeper whose signal aborts, without time passing", async () => {
    const clock = createVirtualClock();
    const abort = new AbortController();
    const nap = clock.sleep(1_000, abort.signal);
    abort.abort();
    await nap;
    await clock.sleep(1_000, abort.signal);
    expect([clock.monotonic(), clock.sleeping]).toEqual([0, 0]);
  });

  it("runs until a promise settles and no further", async () => {
    const clock = createVirtualClock();
    const work = (async () => {
      await clock.sleep(70);
      return "done";
    })();
    void clock.sleep(1_000);
    expect(await clock.run(work)).toBe("done");
    expect(clock.monotonic()).toBe(70);
  });

  it("says so when what it waits for can never happen", async () => {
    const clock = createVirtualClock();
    await expect(clock.run(new Promise(() => undefined))).rejects.toThrow("nobody sleeps");
    void (async () => {
      for (;;) await clock.sleep(10);
    })();
    await expect(clock.runUntilIdle({ limitMs: 100 })).rejects.toThrow("not idle");
  });

  it("moves the wall clock alone when told to", async () => {
    const clock = createVirtualClock(5_000);
    clock.jumpWall(-2_000);
    await clock.advance(10);
    expect([clock.now(), clock.monotonic()]).toEqual([3_010, 10]);
  });
});
