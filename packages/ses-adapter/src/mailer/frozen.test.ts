import { systemClock, type Outcome } from "@exactly-once/core/ports";
import { describe, expect, it, onTestFinished } from "vitest";
import { sesFixture } from "../testing/local-ses.fixture.js";
import { attemptOf } from "./attempt.fixture.js";
import { actionsOf, bothApis, email, mailerFixture, type ApiName } from "./mailer.fixture.js";
import type { MailerOptions } from "./options.js";

const { startSes } = sesFixture(onTestFinished);
const { bring } = mailerFixture(onTestFinished);

/** A mailer whose machine can stand still, or lose the right time. */
const start = async (api: ApiName, options: Partial<MailerOptions> = {}) => {
  const system = systemClock();
  let passedMs = 0;
  let wrongMs = 0;
  const clock = { ...system, now: () => system.now() + passedMs + wrongMs };
  const ses = await startSes({ now: () => Date.now() + passedMs });
  const { client, mailer } = bring(api, ses.endpoint, {}, { clock, ...options });
  const moveSignatures = () => {
    client.config.systemClockOffset = passedMs + wrongMs;
  };
  let n = 0;
  return {
    ...{ ses, client, mailer },
    /** Time goes by for everybody, but the machine's monotonic clock doesn't notice. */
    freeze: (ms: number) => {
      passedMs += ms;
      moveSignatures();
    },
    setClockAhead: (ms: number) => {
      wrongMs = ms;
      moveSignatures();
    },
    /** As a consumer does it. */
    deliver: async (): Promise<string> => {
      const prepared = await mailer.prepare(email);
      const { signal } = new AbortController();
      const deferred = await mailer.admit({ prepared, signal, maxWaitMs: 5_000 });
      if (deferred) return `deferred: ${deferred.reason}`;
      return told(await mailer.send(prepared, attemptOf({ attemptNumber: (n += 1) })));
    },
    actions: () => ses.requests().map(({ action }) => action),
  };
};

const told = (outcome: Outcome) =>
  outcome.status === "accepted" ? "accepted" : `${outcome.status}: ${outcome.reason}`;

describe.each(bothApis)("a mailer on %s", (api) => {
  const { send, account } = actionsOf[api];

  it.each([{}, { sendRate: false as const }])(
    "that stood still asks SES for its time, and sends (%o)",
    async (options) => {
      const { freeze, deliver, actions } = await start(api, options);
      expect(await deliver()).toBe("accepted");
      expect(actions()).toEqual([account, send]);
      for (const minutes of [2, 20, 600]) {
        freeze(minutes * 60_000);
        expect([await deliver(), await deliver()]).toEqual(["accepted", "accepted"]);
      }
      expect(actions().slice(2)).toEqual([1, 2, 3].flatMap(() => [account, send, send]));
    },
  );

  it("waits while SES doesn't tell its time, without a try at any email", async () => {
    const { ses, freeze, deliver } = await start(api);
    expect(await deliver()).toBe("accepted");
    freeze(120_000);
    await ses.close();
    expect(await deliver()).toBe("deferred: SES doesn't answer, so its time isn't known");
    expect(ses.accepted()).toBe(1);
  });

  it("asks with a denied call as well as with a granted one: any answer of SES's bears its time", async () => {
    const { ses, freeze, deliver } = await start(api);
    ses.faults.set([
      {
        fault: { kind: "refusal", code: "AccessDenied", message: "no" },
        when: { on: "every" },
        actions: [account],
      },
    ]);
    expect(await deliver()).toBe("accepted");
    freeze(120_000);
    expect(await deliver()).toBe("accepted");
  });

  it("whose clock runs ahead sends nothing, and says what to do", async () => {
    const { ses, setClockAhead, deliver } = await start(api);
    setClockAhead(120_000);
    expect(await deliver()).toMatch(/^deferred: This machine's clock is 1[12]\d s ahead/);
    expect(ses.accepted()).toBe(0);
    setClockAhead(0);
    expect(await deliver()).toBe("accepted");
  });

  it("refuses a signature that is dated ahead, without a try, and asks before the next", async () => {
    const { client, mailer, deliver, actions } = await start(api);
    expect(await deliver()).toBe("accepted");
    client.config.systemClockOffset = 120_000;
    expect(
      await mailer.send(await mailer.prepare(email), attemptOf({ attemptNumber: 9 })),
    ).toMatchObject({
      ...{ status: "rejected", reason: "clockSkew", throttle: { retryAfterMs: 1_000 } },
    });
    client.config.systemClockOffset = 0;
    expect(await deliver()).toBe("accepted");
    expect(actions()).toEqual([account, send, account, send]);
  });
});
