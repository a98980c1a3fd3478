import { leaseTime } from "@exactly-once/core/ports";
import { createVirtualClock } from "@exactly-once/core/testing";
import { describe, expect, it } from "vitest";
import type { AccountFacts } from "../wire/ses-api.js";
import { SendRate, type SendRateShare } from "./send-rate.js";

const unlimited: AccountFacts = {
  ...{ maxSendRate: 10, max24HourSend: -1, sentLast24Hours: 0, sendingEnabled: true },
};

const start = (facts: Partial<AccountFacts> | undefined, share: Partial<SendRateShare> = {}) => {
  const clock = createVirtualClock();
  const rate = new SendRate(clock, leaseTime(clock), { perSecond: undefined, share: 1, ...share });
  if (facts) rate.learn({ ...unlimited, ...facts });
  const { signal } = new AbortController();
  const admit = (maxWaitMs = 5_000, recipients = 1) =>
    clock.run(rate.admit({ recipients, signal, maxWaitMs }));
  return { clock, rate, admit };
};

describe("the sending rate", () => {
  it("lets one second's worth through at once and spreads the rest", async () => {
    const { clock, admit } = start({});
    for (let n = 0; n < 10; n += 1) expect(await admit()).toBeUndefined();
    expect(clock.monotonic()).toBe(0);
    for (let n = 0; n < 20; n += 1) expect(await admit()).toBeUndefined();
    expect(clock.monotonic()).toBe(2_000);
  });

  it("counts recipients, and never more than a bucket holds at once", async () => {
    const { clock, admit } = start({});
    expect(await admit(5_000, 10)).toBeUndefined();
    expect(await admit(5_000, 5)).toBeUndefined();
    expect(clock.monotonic()).toBe(500);
    expect(await admit(5_000, 30)).toBeUndefined();
    expect(clock.monotonic()).toBe(1_500);
    expect(await admit(5_000, 1)).toBeUndefined();
    expect(clock.monotonic()).toBe(3_600);
  });

  it("sends those away who would wait too long, and takes nothing for them", async () => {
    const { clock, admit } = start({ maxSendRate: 1 });
    await admit();
    expect(await admit(500)).toEqual({
      deferMs: 1_000,
      reason: expect.stringMatching(/rate/) as unknown,
    });
    await clock.advance(1_000);
    expect(await admit(0)).toBeUndefined();
  });

  it("queues those who come at once", async () => {
    const { clock, rate } = start({ maxSendRate: 2 });
    const { signal } = new AbortController();
    const all = Array.from({ length: 6 }, () =>
      rate.admit({ recipients: 1, signal, maxWaitMs: 5_000 }),
    );
    await clock.run(Promise.all(all));
    expect(clock.monotonic()).toBe(2_000);
  });

  it("takes this service's share only, divided among its replicas", async () => {
    const { clock, rate, admit } = start({}, { share: 0.5 });
    for (let n = 0; n < 10; n += 1) await admit();
    expect(clock.monotonic()).toBe(1_000);
    rate.divideBy(5);
    for (let n = 0; n < 3; n += 1) await admit();
    expect(clock.monotonic()).toBe(4_000);
  });

  it("lets everything pass while SES hasn't said what it grants", async () => {
    const { clock, admit } = start(undefined);
    for (let n = 0; n < 100; n += 1) expect(await admit()).toBeUndefined();
    expect(clock.monotonic()).toBe(0);
  });

  it("takes a new word of SES's at once", async () => {
    const { rate, admit } = start({});
    await admit();
    rate.learn({ ...unlimited, maxSendRate: 1 });
    await admit();
    expect(await admit(100)).toMatchObject({ deferMs: expect.any(Number) as unknown });
  });

  it("stays closed for as long as it was told, and a shorter time doesn't end it", async () => {
    const { clock, rate, admit } = start({});
    rate.close(10_000, "SES takes nothing for now (AccessDenied)");
    rate.close(1_000, "SES takes nothing for now (Throttling)");
    expect(await admit()).toEqual({
      ...{ deferMs: 10_000, reason: "SES takes nothing for now (AccessDenied)" },
    });
    await clock.advance(10_000);
    expect(await admit()).toBeUndefined();
  });

  it("doesn't outlast a machine that slept through it", async () => {
    const { clock, rate, admit } = start({ maxSendRate: 1 });
    await admit();
    rate.close(900_000, "closed");
    // Suspended: the wall clock goes on, the monotonic one stands still.
    clock.jumpWall(900_000);
    expect(await admit(0)).toBeUndefined();
  });

  it("closes while SES has stopped the account's sending", async () => {
    const { admit } = start({ sendingEnabled: false });
    expect((await admit())?.reason).toMatch(/stopped this account's sending/);
  });
});

describe("the day's quota", () => {
  it("pauses for long when used up, says so, and goes on when SES has more", async () => {
    const { clock, rate, admit } = start({ max24HourSend: 100, sentLast24Hours: 98 });
    expect([await admit(), await admit()]).toEqual([undefined, undefined]);
    const usedUp = {
      deferMs: 15 * 60_000,
      reason: expect.stringMatching(/daily quota/) as unknown,
    };
    expect(await admit()).toEqual(usedUp);
    await clock.advance(15 * 60_000);
    rate.learn({ ...unlimited, max24HourSend: 100, sentLast24Hours: 100 });
    expect(await admit()).toEqual(usedUp);
    await clock.advance(15 * 60_000);
    rate.learn({ ...unlimited, max24HourSend: 100, sentLast24Hours: 0 });
    expect(await admit()).toBeUndefined();
  });

  it("is used up for an email to more than are left of it", async () => {
    const { admit } = start({ max24HourSend: 100, sentLast24Hours: 98 });
    expect((await admit(5_000, 3))?.reason).toMatch(/daily quota/);
  });
});
