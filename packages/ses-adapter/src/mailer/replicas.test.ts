import { memoryStore } from "@exactly-once/core";
import { leaseTime } from "@exactly-once/core/ports";
import { createVirtualClock } from "@exactly-once/core/testing";
import { describe, expect, it } from "vitest";
import { Replicas, announceMs } from "./replicas.js";

const start = () => {
  const clock = createVirtualClock();
  const { tripwire } = memoryStore({ clock });
  let calls = 0;
  let down = false;
  const counters = {
    count: (item: Parameters<typeof tripwire.count>[0]) => {
      calls += 1;
      return down ? Promise.reject(new Error("down")) : tripwire.count(item);
    },
  };
  const replica = (id: string) => new Replicas({ clock, time: leaseTime(clock), counters, id });
  return {
    ...{ clock, replica },
    calls: () => calls,
    breakStore: () => (down = true),
  };
};

describe("mailers that send through one store", () => {
  it("count each other, from each one's first email on", async () => {
    const { clock, replica } = start();
    const [a, b, c] = [replica("a"), replica("b"), replica("c")];
    expect(await a.count()).toBe(1);
    expect(await b.count()).toBe(2);
    expect(await c.count()).toBe(3);
    await clock.advance(announceMs);
    expect([await a.count(), await b.count(), await c.count()]).toEqual([3, 3, 3]);
  });

  it("never take one for gone that still sends, whenever they look", async () => {
    const { clock, replica } = start();
    const both = [replica("a"), replica("b")];
    for (const one of both) await one.count();
    await clock.advance(announceMs);
    for (let second = 0; second < 300; second += 1) {
      for (const one of both) expect(await one.count()).toBe(2);
      await clock.advance(1_000);
    }
  });

  it("forget one that has ended", async () => {
    const { clock, replica } = start();
    const [a, b] = [replica("a"), replica("b")];
    await b.count();
    expect(await a.count()).toBe(2);
    for (let second = 0; second < 90; second += 10) {
      await clock.advance(10_000);
      await a.count();
    }
    expect(await a.count()).toBe(1);
  });

  it("ask the store once in a while, and keep the last count while it is down", async () => {
    const { clock, replica, calls, breakStore } = start();
    const [a, b] = [replica("a"), replica("b")];
    await b.count();
    for (let emails = 0; emails < 100; emails += 1) await a.count();
    expect(calls()).toBe(4);
    breakStore();
    await clock.advance(600_000);
    expect(await a.count()).toBe(2);
  });
});
