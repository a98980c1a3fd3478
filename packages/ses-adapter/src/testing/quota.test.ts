import { SendRawEmailCommand } from "@aws-sdk/client-ses";
import { describe, expect, it, onTestFinished } from "vitest";
import { letter, sesFixture } from "./local-ses.fixture.js";
import { createQuota } from "./quota.js";
import { dailyQuotaExceeded, rateExceeded } from "./ses-refusal.js";

const { clientOf, startSes } = sesFixture(onTestFinished);

const hours = 3_600_000;

const start = (limits: { max24HourSend?: number; maxSendRate?: number }) => {
  let time = 0;
  const quota = createQuota({ max24HourSend: -1, maxSendRate: 1_000, ...limits }, () => time);
  return { quota, advance: (ms: number) => (time += ms) };
};

describe("the quota", () => {
  it("lets a second's worth pass at once, and fills up with time", () => {
    const { quota, advance } = start({ maxSendRate: 2 });
    expect([quota.take(1), quota.take(1), quota.take(1)]).toEqual([
      ...[undefined, undefined, rateExceeded],
    ]);
    advance(500);
    expect([quota.take(1), quota.take(1)]).toEqual([undefined, rateExceeded]);
  });

  it("spends the rate on every recipient of a message", () => {
    const { quota } = start({ maxSendRate: 4 });
    expect([quota.take(3), quota.take(2), quota.take(1)]).toEqual([
      ...[undefined, rateExceeded, undefined],
    ]);
  });

  it("counts recipients in a sliding day", () => {
    const { quota, advance } = start({ max24HourSend: 3 });
    expect(quota.take(2)).toBeUndefined();
    advance(12 * hours);
    expect([quota.take(2), quota.take(1)]).toEqual([dailyQuotaExceeded, undefined]);
    expect(quota.sentLast24Hours()).toBe(3);
    advance(12 * hours + 60_000);
    expect(quota.sentLast24Hours()).toBe(1);
    expect(quota.take(2)).toBeUndefined();
  });

  it("takes nothing for what it refuses", () => {
    const { quota } = start({ max24HourSend: 1 });
    quota.take(5);
    expect(quota.sentLast24Hours()).toBe(0);
    expect(quota.take(1)).toBeUndefined();
  });

  it("has no daily limit at -1", () => {
    const { quota } = start({ max24HourSend: -1, maxSendRate: 1e9 });
    expect(quota.take(1e6)).toBeUndefined();
  });

  it("refuses as SES does when the client goes over it", async () => {
    const time = Date.now();
    const ses = await startSes({ limits: { max24HourSend: 2, maxSendRate: 1 }, now: () => time });
    const client = clientOf(ses);
    const send = () => client.send(new SendRawEmailCommand({ RawMessage: letter() }));
    await send();
    await expect(send()).rejects.toMatchObject({
      name: "Throttling",
      message: "Maximum sending rate exceeded.",
    });
    expect(ses.accepted()).toBe(1);
  });
});
