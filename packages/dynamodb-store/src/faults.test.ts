import { createVirtualClock } from "@exactly-once/core/testing";
import { describe, expect, it } from "vitest";
import { backPressure } from "./faults.js";

const throttled = Object.assign(new Error("slow down"), { name: "ThrottlingException" });

describe("back-pressure", () => {
  it("asks again with growing pauses", async () => {
    const clock = createVirtualClock();
    const patiently = backPressure(clock, { random: () => 1 });
    const askedAt: number[] = [];
    const call = async () => {
      askedAt.push(clock.monotonic());
      if (askedAt.length < 8) throw throttled;
      return "answer";
    };
    const answer = patiently(call, new AbortController().signal);
    expect(await clock.run(answer)).toBe("answer");
    expect(askedAt).toEqual([0, 25, 75, 175, 375, 775, 1_275, 1_775]);
  });

  it("asks nothing once nobody waits any more", async () => {
    const clock = createVirtualClock();
    const patiently = backPressure(clock, { random: () => 1 });
    const waiting = new AbortController();
    let asked = 0;
    const answer = patiently(async () => {
      asked += 1;
      throw throttled;
    }, waiting.signal).catch((error: unknown) => error);
    await clock.advance(100);
    expect(asked).toBe(3);
    waiting.abort();
    expect(await answer).toBe(throttled);
    await clock.advance(10_000);
    expect([asked, clock.sleeping]).toEqual([3, 0]);
  });

  it("repeats nothing else", async () => {
    const patiently = backPressure(createVirtualClock(), { random: () => 1 });
    let asked = 0;
    const answer = patiently(async () => {
      asked += 1;
      throw new Error("socket hang up");
    }, new AbortController().signal);
    await expect(answer).rejects.toThrow("socket hang up");
    expect(asked).toBe(1);
  });
});
