import type { AttemptInfo } from "@exactly-once/core/ports";
import { createFaultyServer, createVirtualClock, httpAnswer } from "@exactly-once/core/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { attemptOf, email, local, notifyFixture } from "../notify.fixture.js";
import type { NotifyFault } from "../testing/index.js";
import { notifyEmailSender } from "./notify-sender.js";
import type { NotifyOptions } from "./options.js";

const start = notifyFixture(onTestFinished);

const uuid = "26785a09-ab16-4eb0-8407-a37497a57506";
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const unknownSince = (startedAt: number, id = attemptOf().id): AttemptInfo => ({
  ...{ attemptId: id, effect: "email", state: "unknown", startedAt },
  ...{ deadline: startedAt + 30_000, staleAt: startedAt + 120_000 },
});

describe("what Notify gets", () => {
  it("bears the attempt's id as its reference, and what the handler said", async () => {
    const { notify, send } = await start();
    const outcome = await send();
    const [sent] = notify.sent();
    expect(sent).toMatchObject({
      ...{ reference: attemptOf().id, to: email.to, templateId: email.templateId },
      ...{ subject: "Form R received", body: "Dear Dr O’Neill," },
    });
    expect(outcome).toMatchObject({ status: "accepted", receipt: { id: sent?.id } });
  });

  it("is refused by Notify where it was signed more than half a minute ago", async () => {
    const { clock, notify } = await start();
    const behind = createVirtualClock(clock.now() - 40_000);
    const { apiKey, endpoint } = notify;
    const sender = notifyEmailSender({ ...local, clock: behind, apiKey, baseUrl: endpoint });
    const outcome = await sender.send(await sender.prepare(email), attemptOf());
    expect(outcome).toMatchObject({ status: "rejected", reason: "AuthError" });
    expect(notify.sent()).toEqual([]);
  });
});

describe("what Notify refuses", () => {
  it.each<readonly [NotifyFault, object]>([
    ["validation", { status: "rejected", reason: "ValidationError", permanent: true }],
    ["rate-limit", { reason: "RateLimitError", throttle: { scope: "rate", retryAfterMs: 15_000 } }],
    ["auth", { reason: "AuthError", throttle: { scope: "rate", retryAfterMs: 60_000 } }],
    [
      "bad-request",
      { reason: "BadRequestError", throttle: { scope: "rate", retryAfterMs: 30_000 } },
    ],
    ["500-after-accept", { status: "unknown", reason: "status500" }],
    ["page-200", { status: "unknown", reason: "status200" }],
  ])("%s", async (fault, outcome) => {
    const { notify, send } = await start();
    notify.strike(fault);
    expect(await send()).toMatchObject(outcome);
  });

  it("for the day is tried again each hour, and at midnight", async () => {
    const { clock, notify, sender, send } = await start();
    notify.strike("daily-limit");
    expect(await send()).toMatchObject({ throttle: { scope: "quota", retryAfterMs: HOUR_MS } });
    const prepared = await sender.prepare(email);
    const asking = { prepared, signal: new AbortController().signal, maxWaitMs: 5_000 };
    expect(await sender.admit(asking)).toMatchObject({ deferMs: HOUR_MS });
    await clock.advance(23.5 * HOUR_MS);
    notify.strike("daily-limit");
    expect(await send()).toMatchObject({ throttle: { retryAfterMs: HOUR_MS / 2 + 1_000 } });
  });

  it("again and again, while it takes others, is the notification's own fault", async () => {
    const { notify, send } = await start();
    const other = { ...email, to: "another@example.org" };
    for (const round of [1, 2, 3]) {
      notify.strike("bad-request");
      const outcome = await send();
      expect(outcome).toMatchObject(round < 3 ? { throttle: {} } : { permanent: true });
      await send(attemptOf(), other);
    }
  });
});

describe("Notify's rate", () => {
  it("is kept to: so many in any minute", async () => {
    const { clock, sender } = await start({ perMinute: 2 });
    const prepared = await sender.prepare(email);
    const admit = (maxWaitMs: number) =>
      sender.admit({ prepared, signal: new AbortController().signal, maxWaitMs });
    expect(await admit(0)).toBeUndefined();
    await clock.advance(10_000);
    expect(await admit(0)).toBeUndefined();
    expect(await admit(5_000)).toEqual({ deferMs: 50_000, reason: "Notify's rate is in use" });
    let admitted = false;
    const waiting = admit(60_000).finally(() => (admitted = true));
    await clock.advance(49_999);
    expect(admitted).toBe(false);
    await clock.advance(1);
    expect(await waiting).toBeUndefined();
    expect(await admit(0)).toMatchObject({ deferMs: 10_000 });
  });
});

describe("an attempt of unknown outcome that Notify is asked about", () => {
  it("isn't believed to be absent from one listing: it has to be absent twice, half a minute apart", async () => {
    const { clock, sender } = await start();
    const attempt = unknownSince(clock.now());
    await clock.advance(17 * MINUTE_MS);
    expect(await sender.lookup(attempt)).toEqual({ status: "unknown", reason: "absentOnce" });
    await clock.advance(29_999);
    expect(await sender.lookup(attempt)).toEqual({ status: "unknown", reason: "absentOnce" });
    await clock.advance(1);
    expect(await sender.lookup(attempt)).toEqual({ status: "rejected", reason: "notFound" });
  });

  it("isn't believed to be absent by a clock of this machine's that runs ahead", async () => {
    const { clock, notify } = await start();
    const ahead = createVirtualClock(clock.now());
    const { apiKey, endpoint } = notify;
    const sender = notifyEmailSender({ ...local, clock: ahead, apiKey, baseUrl: endpoint });
    const attempt = unknownSince(clock.now());
    // Notify would refuse a token of an hour ahead, so it only says so of what it answers.
    ahead.jumpWall(25_000);
    await clock.advance(17 * MINUTE_MS - 20_000);
    ahead.jumpWall(17 * MINUTE_MS - 20_000);
    expect(await sender.lookup(attempt)).toEqual({ status: "unknown", reason: "tooEarly" });
  });

  it("that Notify may have forgotten stays unknown", async () => {
    const { clock, sender } = await start({ retentionMs: 3 * 24 * HOUR_MS });
    const attempt = unknownSince(clock.now());
    await clock.advance(3 * 24 * HOUR_MS - 50 * MINUTE_MS);
    for (const _ of [1, 2, 3]) {
      expect(await sender.lookup(attempt)).toEqual({ status: "unknown", reason: "maybeForgotten" });
      await clock.advance(MINUTE_MS);
    }
  });

  it("is found whatever became of it: Notify took it", async () => {
    const { clock, notify, sender, send } = await start();
    const startedAt = clock.now();
    notify.strike("accept-then-drop");
    expect((await send()).status).toBe("unknown");
    const [sent] = notify.sent();
    await notify.deliver(sent?.id ?? "", "technical-failure");
    const receipt = { id: sent?.id, at: startedAt, via: "provider" };
    expect(await sender.lookup(unknownSince(startedAt))).toEqual({ status: "accepted", receipt });
  });

  it("isn't taken for another's whose listing comes instead", async () => {
    const listing = { notifications: [{ id: "other", reference: "another", created_at: "x" }] };
    const server = await createFaultyServer({
      onRequest: ({ socket }) => void socket.write(httpAnswer("200 OK", JSON.stringify(listing))),
    });
    onTestFinished(() => server.close());
    const { clock, sender } = await start({ baseUrl: server.endpoint });
    expect(await sender.lookup(unknownSince(clock.now()))).toMatchObject({ status: "unknown" });
  });

  it.each(["<html>", '{"notifications":null}', ""])(
    "isn't judged by an answer that isn't a listing: %s",
    async (body) => {
      const server = await createFaultyServer({
        onRequest: ({ socket }) => void socket.write(httpAnswer("200 OK", body)),
      });
      onTestFinished(() => server.close());
      const { sender } = await start({ baseUrl: server.endpoint });
      await expect(sender.lookup(unknownSince(0))).rejects.toMatchObject({
        code: "NOTIFY_UNAVAILABLE",
      });
    },
  );
});

describe("the check at start", () => {
  it("passes with a key that Notify knows", async () => {
    const { notify, sender } = await start();
    await expect(sender.verify()).resolves.toBeUndefined();
    expect([notify.asked(), notify.requests()]).toEqual([1, 0]);
  });

  it("refuses a key that Notify doesn't know, by name", async () => {
    const apiKey = `x-${uuid}-${uuid}`;
    const { sender } = await start({ apiKey });
    await expect(sender.verify()).rejects.toMatchObject({ code: "CONFIGURATION" });
    await expect(sender.verify()).rejects.toThrow("refuses the API key (AuthError)");
  });

  it("refuses a clock that soon makes every token one of another time", async () => {
    const { clock, notify } = await start();
    const off = createVirtualClock(clock.now() + 25_000);
    const { apiKey, endpoint } = notify;
    const sender = notifyEmailSender({ ...local, clock: off, apiKey, baseUrl: endpoint });
    await expect(sender.verify()).rejects.toThrow("25 s off");
  });

  it("waits for a Notify that is away", async () => {
    const { notify, sender } = await start();
    await notify.close();
    await expect(sender.verify()).rejects.toMatchObject({ code: "NOTIFY_UNAVAILABLE" });
  });
});

it.each<readonly [Partial<NotifyOptions>, string]>([
  [{ apiKey: "secret" }, "notifyEmailSender: apiKey is none"],
  [{ baseUrl: "http://notify.example" }, "baseUrl doesn't begin with https:"],
  [{ baseUrl: "notify" }, "baseUrl is no URL"],
  [{ perMinute: 0 }, "perMinute is 0"],
  [{ listingLagMs: -1 }, "listingLagMs is -1"],
  [{ retentionMs: 1 }, "retentionMs is 1"],
])("options that can't work are refused by name: %o", (options, text) => {
  const make = () => notifyEmailSender({ apiKey: `a-${uuid}-${uuid}`, ...options });
  expect(make).toThrow(text);
  expect(make).not.toThrow(/secret\b.*secret/);
});
