import { beforeEach, describe, expect, it } from "vitest";
import type { Clock } from "../ports/index.js";
import { createWakeUp, type WakeUp } from "./alarm.js";

/** Time goes on only by `pass`; tells which timers are set. */
function manualClock() {
  let now = 0;
  const timers = new Map<() => void, number>();
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const end = (): void => {
          timers.delete(end);
          resolve();
        };
        timers.set(end, now + ms);
        signal?.addEventListener("abort", end, { once: true });
      }),
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    clock,
    get timers() {
      return [...timers.values()];
    },
    settle,
    async pass(ms: number) {
      now += ms;
      for (const [end, at] of [...timers]) if (at <= now) end();
      await settle();
    },
  };
}

describe("a sleeper's alarm", () => {
  let time: ReturnType<typeof manualClock>;
  let wakeUp: WakeUp;
  let rose = 0;
  beforeEach(() => {
    time = manualClock();
    wakeUp = createWakeUp(time.clock, () => time.clock.now());
    rose = 0;
  });

  function sleepUntil(at: number): void {
    void wakeUp.sleepUntil(at).then(() => (rose += 1));
  }

  it("rings at its time", async () => {
    sleepUntil(50);
    await time.pass(49);
    expect(rose).toBe(0);
    await time.pass(1);
    expect(rose).toBe(1);
    expect(time.timers).toEqual([]);
  });

  it("keeps its timer where the sleeper is woken and then sleeps longer", async () => {
    sleepUntil(50);
    wakeUp.wake();
    await time.settle();
    expect(rose).toBe(1);
    sleepUntil(120);
    expect(time.timers).toEqual([50]);
    await time.pass(50);
    expect(rose).toBe(1);
    expect(time.timers).toEqual([120]);
    await time.pass(70);
    expect(rose).toBe(2);
  });

  it("takes a nearer timer where the sleeper then sleeps less", async () => {
    sleepUntil(60_000);
    wakeUp.wake();
    await time.settle();
    sleepUntil(50);
    await time.settle();
    expect(time.timers).toEqual([50]);
    await time.pass(50);
    expect(rose).toBe(2);
  });

  it("rings for nobody where a timer outlives its sleeper", async () => {
    sleepUntil(50);
    wakeUp.wake();
    await time.pass(50);
    expect(rose).toBe(1);
    sleepUntil(80);
    await time.pass(29);
    expect(rose).toBe(1);
    await time.pass(1);
    expect(rose).toBe(2);
  });

  it("remembers that it was woken before it slept, once", async () => {
    wakeUp.wake();
    sleepUntil(50);
    await time.settle();
    expect(rose).toBe(1);
    sleepUntil(50);
    await time.settle();
    expect(rose).toBe(1);
  });

  it("wakes only who would sleep beyond", async () => {
    sleepUntil(50);
    wakeUp.noLaterThan(50);
    await time.settle();
    expect(rose).toBe(0);
    wakeUp.noLaterThan(49);
    await time.settle();
    expect(rose).toBe(1);
  });

  it("leaves no timer once it has ended, and lets nobody sleep", async () => {
    sleepUntil(60_000);
    wakeUp.end();
    await time.settle();
    expect(rose).toBe(1);
    sleepUntil(60_000);
    sleepUntil(60_000);
    await time.settle();
    expect(rose).toBe(3);
    expect(time.timers).toEqual([]);
  });
});
