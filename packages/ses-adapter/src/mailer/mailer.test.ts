import type { Outcome } from "@exactly-once/core/ports";
import { describe, expect, it, onTestFinished } from "vitest";
import { attemptOf } from "./attempt.fixture.js";
import { email, impatient, mailerFixture } from "./mailer.fixture.js";
import type { SafeSesClientConfig } from "../wire/safe-client.js";
import { headerValues, type FaultKind, type LocalSesOptions } from "../testing/index.js";
import { sesFixture } from "../testing/local-ses.fixture.js";

const { startSes } = sesFixture(onTestFinished);
const { clientOf, mailerOf } = mailerFixture(onTestFinished);

const start = async (options: LocalSesOptions = {}, config: SafeSesClientConfig = {}) => {
  const ses = await startSes({ configurationSets: { letters: {} }, ...options });
  const client = clientOf(ses.endpoint, config);
  const mailer = mailerOf(client, { configurationSetName: "letters" });
  const send = async (attempt = attemptOf()) => mailer.send(await mailer.prepare(email), attempt);
  return { ses, client, mailer, send };
};

/** The outcome without what differs between runs. */
const told = (outcome: Outcome) =>
  outcome.status === "accepted" ? "accepted" : `${outcome.status} ${outcome.reason}`;

it.each([
  ["attemptTimeoutMs", 0],
  ["maxRequestMs", Number.NaN],
  ["signatureValidityMs", Number.POSITIVE_INFINITY],
])("refuses %s of %d", async (name, ms) => {
  const { client } = await start();
  expect(() => mailerOf(client, { [name]: ms })).toThrow(`${name} must be above 0 ms, and finite`);
});

describe("an email", () => {
  it("goes out tagged so that its events find the attempt", async () => {
    const { ses, mailer, send } = await start();
    const attempt = attemptOf();
    const outcome = await send(attempt);
    const [sent] = ses.sent();
    expect(outcome).toMatchObject({
      status: "accepted",
      receipt: { id: sent?.messageId, via: "provider" },
    });
    const { contentDigest } = await mailer.prepare(email);
    expect(sent?.tags).toEqual({
      "exactly-once-attempt": attempt.id,
      "exactly-once-namespace": "tis-notifications",
      "exactly-once-content": contentDigest,
      "exactly-once-template": "form-updated",
    });
    expect(sent?.configurationSet).toBe("letters");
    expect(headerValues(sent?.headers ?? [], "X-Exactly-Once-Attempt")).toEqual([attempt.id]);
    expect(sent?.destinations).toEqual(["doctor@example.org"]);
    expect(sent?.mime).toMatchObject({
      subject: email.subject,
      from: { name: "Forms", address: "forms@example.com" },
      to: [email.to],
    });
    expect(sent?.mime.html?.trim()).toBe(email.html);
    expect(sent?.mime.text?.trim()).toBe(email.text);
  });
});

describe("a fault of SES", () => {
  it.each<[FaultKind, accepted: number, outcome: string]>([
    ["accept-then-drop", 1, "unknown connectionLost"],
    ["accept-then-hang", 1, "unknown timedOut"],
    ["truncated-200", 1, "unknown unreadableReply"],
    ["cut-xml-200", 1, "unknown unreadableReply"],
    ["empty-200", 1, "unknown noMessageId"],
    ["html-200", 1, "unknown noMessageId"],
    ["500-after-accept", 1, "unknown status500"],
    ["500-before-accept", 0, "unknown status500"],
    ["503", 0, "unknown status503"],
    ["throttle", 0, "rejected Throttling"],
    ["daily-quota", 0, "rejected dailyQuotaUsedUp"],
    ["reject", 0, "rejected MessageRejected"],
    ["hang", 0, "unknown timedOut"],
    ["reset-before-accept", 0, "unknown connectionLost"],
  ])("%s, with %i accepted, is told as %s", async (fault, accepted, outcome) => {
    const hangs = fault === "hang" || fault === "accept-then-hang";
    const { ses, send } = await start(
      { faults: [{ fault, when: { on: "nth", calls: [1] } }] },
      hangs ? { timeouts: impatient } : {},
    );
    expect(told(await send())).toBe(outcome);
    expect(ses.accepted()).toBe(accepted);
    expect(ses.requests()).toHaveLength(1);
    expect(told(await send(attemptOf({ attemptNumber: 2 })))).toBe("accepted");
  });

  it("accepts each of 100 emails at most once, whichever fault strikes their first try", async () => {
    const kinds = ["accept-then-drop", "hang", "truncated-200", "500-after-accept"] as const;
    let call = 0;
    const { ses, mailer } = await start(
      { faults: () => kinds[call++ % kinds.length] },
      // Nobody waits for a socket that a hanging request holds.
      { maxSockets: 100, timeouts: { requestTimeout: 3_000 } },
    );
    const prepared = await mailer.prepare(email);
    const sends = Array.from({ length: 100 }, (_, n) =>
      mailer.send(prepared, attemptOf({ attemptNumber: n + 1 })),
    );
    const outcomes = await Promise.all(sends);
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(["unknown"]));
    const attempts = ses.sent().map(({ tags }) => tags["exactly-once-attempt"]);
    expect(attempts.length).toBeGreaterThan(0);
    expect(new Set(attempts).size).toBe(attempts.length);
    expect(ses.requests().length).toBeLessThanOrEqual(100);
  });

  it("that is a throttle tells the rate from the day's quota, and the next wait heeds it", async () => {
    const { mailer, send } = await start({
      faults: [{ fault: "daily-quota", when: { on: "every" } }],
    });
    expect(await send()).toMatchObject({ throttle: { scope: "quota", retryAfterMs: 900_000 } });
    const admission = await mailer.admit({
      prepared: await mailer.prepare(email),
      signal: new AbortController().signal,
      maxWaitMs: 5_000,
    });
    expect(admission?.deferMs).toBeGreaterThan(800_000);
    expect(admission?.reason).toMatch(/daily quota/);
  });
});

describe("an abort", () => {
  it("after the request was written doesn't throw its answer away", async () => {
    const late = { fault: { kind: "delay", ms: 200 }, when: { on: "every" } } as const;
    const { ses, send } = await start({ faults: [late] });
    const stop = new AbortController();
    const sending = send(attemptOf({ signal: stop.signal }));
    await expect.poll(() => ses.requests().length).toBe(1);
    stop.abort(new Error("lease lost"));
    expect(told(await sending)).toBe("accepted");
  });

  it("leaves the outcome unknown where none comes in the client's time", async () => {
    const hang = { fault: "hang", when: { on: "every" } } as const;
    const { ses, send } = await start({ faults: [hang] }, { timeouts: impatient });
    const stop = new AbortController();
    const sending = send(attemptOf({ signal: stop.signal }));
    await expect.poll(() => ses.requests().length).toBe(1);
    stop.abort(new Error("lease lost"));
    expect(told(await sending)).toBe("unknown timedOut");
  });

  it("before that keeps it back", async () => {
    const { ses, send } = await start();
    const signal = AbortSignal.abort(new Error("lease lost"));
    expect(told(await send(attemptOf({ signal })))).toBe("rejected aborted");
    expect(ses.requests()).toEqual([]);
  });
});

describe("after the deadline", () => {
  it("no byte goes out, even when it passes while the request is being signed", async () => {
    let left = 1_000;
    const slowCredentials = () => {
      left = 0;
      return Promise.resolve({ accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" });
    };
    const { ses, send } = await start({}, { credentials: slowCredentials });
    expect(told(await send(attemptOf({ remainingMs: () => left })))).toBe(
      "rejected deadlinePassed",
    );
    expect(ses.requests()).toEqual([]);
  });

  it("what a paused process sends later is refused for its age", async () => {
    let paused = 0;
    const { ses, client, mailer, send } = await start({ now: () => Date.now() + paused });
    const handler = client.config.requestHandler;
    const handle = handler.handle.bind(handler);
    handler.handle = (...args) => {
      paused = 5 * 60_000 + 1_000;
      return handle(...args);
    };
    expect(told(await send())).toBe("rejected SignatureDoesNotMatch");
    expect(ses.accepted()).toBe(0);
    expect(mailer.validityMs).toBeGreaterThan(paused);
  });
});

describe("the date of a signature", () => {
  it("may not lie ahead of SES's clock, since it would be good for that much longer", async () => {
    const { ses, client, mailer, send } = await start();
    await mailer.verify();
    const before = ses.requests().length;
    client.config.systemClockOffset = 2 * 60_000;
    expect(told(await send())).toBe("rejected clockSkew");
    expect(ses.requests()).toHaveLength(before);
  });

  it("must be there at all", async () => {
    const { ses, client, send } = await start();
    client.middlewareStack.removeByTag("HTTP_SIGNING");
    expect(told(await send())).toBe("rejected unsigned");
    expect(ses.requests()).toEqual([]);
  });
});

describe("what fails before the request", () => {
  it("is known to be unsent", async () => {
    const { ses, send } = await start(
      {},
      { credentials: () => Promise.reject(new Error("no credentials")) },
    );
    expect(told(await send())).toBe("rejected beforeRequest:Error");
    expect(ses.requests()).toEqual([]);
  });
});
