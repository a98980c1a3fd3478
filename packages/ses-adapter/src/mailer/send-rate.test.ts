import { createVirtualClock } from "@exactly-once/core/testing";
import { describe, expect, it } from "vitest";
import { createSendRate, type SendQuota, type SendRateOptions } from "./send-rate.js";

const unlimited: SendQuota = { maxSendRate: 10, max24HourSend: -1, sentLast24Hours: 0 };

const start = (answers: readonly (SendQuota | "fails")[], options: SendRateOptions = {}) => {
  const clock = createVirtualClock();
  let asked = 0;
  const rate = createSendRate({
    ...options,
    clock,
    askQuota: () => {
      const answer = answers[Math.min(asked, answers.length - 1)];
      asked += 1;
      return answer === undefined || answer === "fails"
        ? Promise.reject(new Error("no answer"))
        : Promise.resolve(answer);
    },
  });
  const { signal } = new AbortController();
  const admit = (maxWaitMs = 5_000) => clock.run(rate.admit({ signal, maxWaitMs }));
  return { clock, rate, admit, asked: () => asked };
};

describe("the sending rate", () => {
  it("lets one second's worth through at once and spreads the rest", async () => {
    const { clock, admit } = start([unlimited]);
    for (let n = 0; n < 10; n += 1) expect(await admit()).toBeUndefined();
    expect(clock.monotonic()).toBe(0);
    for (let n = 0; n < 20; n += 1) expect(await admit()).toBeUndefined();
    expect(clock.monotonic()).toBe(2_000);
  });

  it("sends those away who would wait too long, and takes nothing for them", async () => {
    const { clock, admit } = start([{ ...unlimited, maxSendRate: 1 }]);
    await admit();
    expect(await admit(500)).toEqual({
      deferMs: 1_000,
      reason: expect.stringMatching(/rate/) as unknown,
    });
    await clock.advance(1_000);
    expect(await admit(0)).toBeUndefined();
  });

  it("queues those who come at once", async () => {
    const { clock, rate } = start([{ ...unlimited, maxSendRate: 2 }]);
    const { signal } = new AbortController();
    const all = Array.from({ length: 6 }, () => rate.admit({ signal, maxWaitMs: 5_000 }));
    await clock.run(Promise.all(all));
    expect(clock.monotonic()).toBe(2_000);
  });

  it("takes this process's share only", async () => {
    const { clock, admit } = start([unlimited], { share: 0.5 });
    for (let n = 0; n < 10; n += 1) await admit();
    expect(clock.monotonic()).toBe(1_000);
  });

  it("lets everything pass while SES doesn't say", async () => {
    const { clock, admit, asked } = start(["fails"]);
    for (let n = 0; n < 100; n += 1) expect(await admit()).toBeUndefined();
    expect([clock.monotonic(), asked()]).toEqual([0, 1]);
  });

  it("asks again once the answer is old, without making anybody wait", async () => {
    const { clock, admit, asked } = start([unlimited, { ...unlimited, maxSendRate: 1 }], {
      refreshMs: 60_000,
    });
    await admit();
    await clock.advance(60_000);
    await admit();
    expect(asked()).toBe(2);
    await clock.advance(10);
    await admit();
    expect(await admit(100)).toMatchObject({ deferMs: expect.any(Number) as unknown });
  });

  it("backs off after a throttle, for as long as it said", async () => {
    const { clock, rate, admit } = start([unlimited]);
    await admit();
    rate.throttled({ scope: "rate", retryAfterMs: 1_000 });
    expect(await admit()).toEqual({ deferMs: 1_000, reason: "SES throttles the rate" });
    await clock.advance(1_000);
    expect(await admit()).toBeUndefined();
  });
});

describe("the day's quota", () => {
  it("pauses for long when used up, says so, and goes on when SES has more", async () => {
    const { clock, admit, asked } = start([
      { ...unlimited, max24HourSend: 100, sentLast24Hours: 98 },
      { ...unlimited, max24HourSend: 100, sentLast24Hours: 100 },
      { ...unlimited, max24HourSend: 100, sentLast24Hours: 0 },
    ]);
    expect([await admit(), await admit()]).toEqual([undefined, undefined]);
    expect(await admit()).toEqual({
      deferMs: 15 * 60_000,
      reason: expect.stringMatching(/daily quota/) as unknown,
    });
    await clock.advance(15 * 60_000);
    expect(await admit()).toMatchObject({ deferMs: 15 * 60_000 });
    await clock.advance(15 * 60_000);
    expect(await admit()).toBeUndefined();
    expect(asked()).toBe(3);
  });
});
