import type { Outcome } from "@exactly-once/core/ports";
import { describe, expect, it, onTestFinished } from "vitest";
import { runningOut } from "../../../../scripts/test-time.js";
import { headerValues, type FaultKind, type LocalSesOptions } from "../testing/index.js";
import { sesFixture } from "../testing/local-ses.fixture.js";
import { attemptOf } from "./attempt.fixture.js";
import {
  bothApis,
  email,
  mailerFixture,
  type ApiName,
  type ClientOptions,
} from "./mailer.fixture.js";
import { sesV2Mailer } from "./ses-v2-mailer.js";

const { startSes } = sesFixture(onTestFinished);
const { bring, clientV2Of } = mailerFixture(onTestFinished);

const start = async (api: ApiName, options: LocalSesOptions = {}, config: ClientOptions = {}) => {
  const ses = await startSes({ configurationSets: { letters: {} }, ...options });
  const { client, mailer } = bring(api, ses.endpoint, config, { configurationSetName: "letters" });
  const send = async (attempt = attemptOf(), changes = {}) =>
    mailer.send(await mailer.prepare({ ...email, ...changes }), attempt);
  const admit = async (maxWaitMs = 5_000) =>
    mailer.admit({
      prepared: await mailer.prepare(email),
      signal: new AbortController().signal,
      maxWaitMs,
    });
  return { ses, client, mailer, send, admit };
};

/** More than any limit of a client or mailer. */
const FOR_LONG_MS = 60_000;

/** The outcome without what differs between runs. */
const told = (outcome: Outcome) =>
  outcome.status === "accepted" ? "accepted" : `${outcome.status} ${outcome.reason}`;

describe.each(bothApis)("on %s", (api) => {
  describe("an email", () => {
    it("goes out tagged so that its events find the attempt", async () => {
      const { ses, mailer, send } = await start(api);
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
      ["cut-body-200", 1, "unknown unreadableReply"],
      ["empty-200", 1, "unknown noMessageId"],
      ["html-200", 1, api === "v1" ? "unknown noMessageId" : "unknown unreadableReply"],
      ["500-after-accept", 1, "unknown status500"],
      ["500-before-accept", 0, "unknown status500"],
      ["503", 0, "unknown status503"],
      ["throttle", 0, api === "v1" ? "rejected Throttling" : "rejected TooManyRequests"],
      ["daily-quota", 0, "rejected dailyQuotaUsedUp"],
      ["reject", 0, "rejected recipientSuppressed"],
      ["hang", 0, "unknown timedOut"],
      ["reset-before-accept", 0, "unknown connectionLost"],
    ])("%s, with %i accepted, is told as %s", async (fault, accepted, outcome) => {
      const hangs = fault === "hang" || fault === "accept-then-hang";
      const { ses, send } = await start(api, {
        faults: [{ fault, when: { on: "nth", calls: [1] } }],
      });
      const once = () => ses.requests().length === 1 && ses.accepted() === accepted;
      const sending = hangs ? runningOut(() => send(), { ms: FOR_LONG_MS, once }) : send();
      expect(told(await sending)).toBe(outcome);
      expect(ses.accepted()).toBe(accepted);
      expect(ses.requests()).toHaveLength(1);
      expect(told(await send(attemptOf({ attemptNumber: 2 })))).toBe("accepted");
    });

    it("accepts each of 100 emails at most once, whichever fault strikes their first try", async () => {
      const kinds = ["accept-then-drop", "hang", "truncated-200", "500-after-accept"] as const;
      let call = 0;
      const { ses, mailer } = await start(
        api,
        { faults: () => kinds[call++ % kinds.length] },
        // Nobody waits for a socket that a hanging request holds.
        { maxSockets: 100 },
      );
      const prepared = await mailer.prepare(email);
      const sendAll = () =>
        Promise.all(
          Array.from({ length: 100 }, (_, n) =>
            mailer.send(prepared, attemptOf({ attemptNumber: n + 1 })),
          ),
        );
      // All but those that hang are accepted.
      const once = () => ses.requests().length === 100 && ses.accepted() === 75;
      const outcomes = await runningOut(sendAll, { ms: FOR_LONG_MS, once });
      expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(["unknown"]));
      const attempts = ses.sent().map(({ tags }) => tags["exactly-once-attempt"]);
      expect(attempts).toHaveLength(75);
      expect(new Set(attempts).size).toBe(attempts.length);
      expect(ses.requests()).toHaveLength(100);
    });

    it("that is a throttle tells the rate from the day's quota, and the next wait heeds it", async () => {
      const { admit, send } = await start(api, {
        faults: [{ fault: "daily-quota", when: { on: "every" } }],
      });
      expect(await send()).toMatchObject({
        throttle: { scope: "quota", retryAfterMs: 900_000 },
      });
      const admission = await admit();
      expect(admission?.deferMs).toBeGreaterThan(800_000);
      expect(admission?.reason).toMatch(/dailyQuotaUsedUp/);
    });
  });

  describe("an abort", () => {
    it("after the request was written doesn't throw its answer away", async () => {
      const late = { fault: { kind: "delay", ms: 200 }, when: { on: "every" } } as const;
      const { ses, send } = await start(api, { faults: [late] });
      const stop = new AbortController();
      const sending = send(attemptOf({ signal: stop.signal }));
      await expect.poll(() => ses.requests().length).toBe(1);
      stop.abort(new Error("lease lost"));
      expect(told(await sending)).toBe("accepted");
    });

    it("leaves the outcome unknown where none comes in the client's time", async () => {
      const hang = { fault: "hang", when: { on: "every" } } as const;
      const { ses, send } = await start(api, { faults: [hang] });
      const stop = new AbortController();
      const outcome = await runningOut(() => send(attemptOf({ signal: stop.signal })), {
        ms: FOR_LONG_MS,
        once: () => {
          if (ses.requests().length === 1) stop.abort(new Error("lease lost"));
          return stop.signal.aborted;
        },
      });
      expect(told(outcome)).toBe("unknown timedOut");
    });

    it("before that keeps it back", async () => {
      const { ses, send } = await start(api);
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
      const { ses, send } = await start(api, {}, { credentials: slowCredentials });
      expect(told(await send(attemptOf({ remainingMs: () => left })))).toBe(
        "rejected deadlinePassed",
      );
      expect(ses.requests()).toEqual([]);
    });

    it("what a paused process sends later is refused for its age", async () => {
      let paused = 0;
      const { ses, client, mailer, send } = await start(api, { now: () => Date.now() + paused });
      const handler = client.config.requestHandler;
      const handle = handler.handle.bind(handler);
      handler.handle = (...args) => {
        paused = 5 * 60_000 + 1_000;
        return handle(...args);
      };
      expect(await send()).toEqual({
        ...{ status: "rejected", reason: "signatureExpired" },
        throttle: { scope: "rate", retryAfterMs: 1_000 },
      });
      expect(ses.accepted()).toBe(0);
      expect(mailer.validityMs).toBeGreaterThan(paused);
    });
  });

  describe("the date of a signature", () => {
    it("may not lie ahead of SES's clock, since it would be good for that much longer", async () => {
      const { ses, client, mailer, send } = await start(api);
      await mailer.verify();
      const before = ses.requests().length;
      client.config.systemClockOffset = 2 * 60_000;
      expect(await send()).toEqual({
        ...{ status: "rejected", reason: "clockSkew" },
        throttle: { scope: "rate", retryAfterMs: 1_000 },
      });
      expect(ses.requests()).toHaveLength(before);
    });

    it("must be there at all", async () => {
      const { ses, client, send } = await start(api);
      client.middlewareStack.removeByTag("HTTP_SIGNING");
      expect(told(await send())).toBe("rejected unsigned");
      expect(ses.requests()).toEqual([]);
    });
  });

  describe("what fails before the request", () => {
    it("is known to be unsent", async () => {
      const { ses, send } = await start(
        api,
        {},
        { credentials: () => Promise.reject(new Error("no credentials")) },
      );
      expect(told(await send())).toBe("rejected beforeRequest:Error");
      expect(ses.requests()).toEqual([]);
    });
  });

  describe("what concerns every email", () => {
    it("is no fault of any: it waits, the next admission says why, and all go out afterwards", async () => {
      const { ses, send, admit } = await start(api, { sendingEnabled: false });
      const reason = api === "v1" ? "AccountSendingPaused" : "SendingPaused";
      for (const n of [1, 2, 3]) {
        expect(await send(attemptOf({ attemptNumber: n }))).toEqual({
          ...{ status: "rejected", reason },
          throttle: { scope: "quota", retryAfterMs: 60_000 },
        });
      }
      expect((await admit())?.reason).toMatch(api === "v1" ? reason : /stopped|SendingPaused/);
      expect(ses.accepted()).toBe(0);
    });

    it("is told from what concerns one by what becomes of the others", async () => {
      const fault = { kind: "refusal", code: "MessageRejected", message: "m" } as const;
      const { send } = await start(api, {
        faults: ({ recipients }) => (recipients.includes("odd@example.org") ? fault : undefined),
      });
      const odd = async (n: number) =>
        send(attemptOf({ attemptNumber: n }), { to: "odd@example.org" });
      for (const n of [1, 2]) {
        expect(await odd(n)).toMatchObject({ throttle: { retryAfterMs: 30_000 } });
        expect(told(await send(attemptOf({ attemptNumber: n + 10 })))).toBe("accepted");
      }
      expect(await odd(3)).toEqual({
        ...{ status: "rejected", reason: "MessageRejected", permanent: true },
      });
    });

    it("is a sender that lost its verification; a recipient without one concerns itself", async () => {
      const { ses, send } = await start(api, { identities: ["example.org"], sandbox: true });
      expect(await send()).toMatchObject({ reason: "senderNotVerified", throttle: {} });
      const verified = await start(api, { identities: ["example.com"], sandbox: true });
      expect(await verified.send()).toEqual({
        ...{ status: "rejected", reason: "recipientNotVerified", permanent: true },
      });
      expect([ses.accepted(), verified.ses.accepted()]).toEqual([0, 0]);
    });
  });

  describe("several recipients", () => {
    it("get one email, each of them once, and the hidden ones stay hidden", async () => {
      const { ses, mailer, send } = await start(api);
      const lists = {
        to: ["a@example.org", { name: "B, the second", address: "b@example.org" }],
        cc: "c@example.org",
        bcc: ["d@example.org", "A@example.org"],
        replyTo: ["help@example.com", "desk@example.com"],
      };
      expect(told(await send(attemptOf(), lists))).toBe("accepted");
      const [sent] = ses.sent();
      expect(sent?.destinations).toEqual([
        ...["a@example.org", "b@example.org", "c@example.org", "d@example.org"],
      ]);
      expect(sent?.mime.to).toEqual([
        { name: "", address: "a@example.org" },
        { name: "B, the second", address: "b@example.org" },
      ]);
      expect(sent?.mime.cc).toEqual([{ name: "", address: "c@example.org" }]);
      expect(Buffer.from(sent?.raw ?? []).toString()).not.toMatch(/bcc|d@example/i);
      const prepared = await mailer.prepare({ ...email, ...lists });
      expect(mailer.summarize(prepared).recipients).toEqual(sent?.destinations);
    });
  });
});

describe("what only the second API has", () => {
  it("goes along: the tenant, and the contact list to unsubscribe from", async () => {
    const ses = await startSes();
    const bodies: unknown[] = [];
    const client = clientV2Of(ses.endpoint);
    client.middlewareStack.add(
      (next) => async (args) => {
        bodies.push(args.input);
        return next(args);
      },
      { step: "initialize", name: "lookOn" },
    );
    const mailer = sesV2Mailer({
      ...{ client, from: "forms@example.com", tenantName: "north" },
      listManagement: { contactListName: "doctors", topicName: "forms" },
    });
    expect(told(await mailer.send(await mailer.prepare(email), attemptOf()))).toBe("accepted");
    expect(bodies[0]).toMatchObject({
      TenantName: "north",
      ListManagementOptions: { ContactListName: "doctors", TopicName: "forms" },
    });
  });

  it("is room: 40 MB where the first takes 10", async () => {
    const ses = await startSes();
    const attachments = [{ filename: "a.bin", content: Buffer.alloc(10_000_000) }];
    const { mailer } = bring("v2", ses.endpoint);
    const prepared = await mailer.prepare({ ...email, attachments });
    expect(told(await mailer.send(prepared, attemptOf()))).toBe("accepted");
    expect(ses.sent()[0]?.raw.byteLength).toBeGreaterThan(13_000_000);
    const older = bring("v1", ses.endpoint).mailer;
    await expect(older.prepare({ ...email, attachments })).rejects.toThrow(/SES takes 10485760/);
    const tooMuch = [{ filename: "a.bin", content: Buffer.alloc(31_000_000) }];
    await expect(mailer.prepare({ ...email, attachments: tooMuch })).rejects.toThrow(/41943040/);
  });
});
