import { createFaultyServer, createVirtualClock, httpAnswer } from "@exactly-once/core/testing";
import { Webhook as Verifier } from "standardwebhooks";
import { describe, expect, it, onTestFinished } from "vitest";
import type { WebhookSenderOptions } from "./options.js";
import { startReceiver } from "./receiver.fixture.js";
import { attemptOf, newSecret, secret } from "./webhook.fixture.js";
import { webhookSender } from "./webhook-sender.js";

const local = { secrets: [secret], allowHttp: true, allowPrivateAddresses: true };

const start = async (options: WebhookSenderOptions = {}) => {
  const receiver = await startReceiver();
  onTestFinished(() => receiver.close());
  const sender = webhookSender({ ...local, url: receiver.url, ...options });
  const send = async (body: unknown, attempt = attemptOf()) =>
    sender.send(await sender.prepare({ body }), attempt);
  return { receiver, sender, send };
};

const answeringWith = async (status: string, headers: Readonly<Record<string, string>> = {}) => {
  const server = await createFaultyServer({
    onRequest: ({ socket }) => void socket.write(httpAnswer(status, "", headers)),
  });
  onTestFinished(() => server.close());
  return server;
};

describe("what a receiver gets", () => {
  it("passes the check of Standard Webhooks' own library", async () => {
    const { receiver, send } = await start();
    expect((await send({ form: "A" })).status).toBe("accepted");
    const [webhook] = receiver.received;
    const headers = webhook?.headers as Record<string, string>;
    expect(new Verifier(secret).verify(webhook?.body ?? "", headers)).toEqual({ form: "A" });
  });

  it("passes it with the old secret and with the new", async () => {
    const secrets = [newSecret(), newSecret()];
    const { receiver, send } = await start({ secrets });
    await send("text, as it is: ü");
    const [webhook] = receiver.received;
    for (const one of secrets) {
      const headers = webhook?.headers as Record<string, string>;
      const verifier = new Verifier(one);
      expect(() =>
        verifier.verify(webhook?.body ?? "", headers, { jsonParse: false }),
      ).not.toThrow();
    }
  });

  it("names the effect, the same for each attempt, as webhook-id and as Idempotency-Key", async () => {
    const { receiver, send } = await start();
    await send({}, attemptOf({ attemptNumber: 1 }));
    await send({}, attemptOf({ attemptNumber: 2 }));
    const { effectId } = attemptOf();
    const ids = receiver.received.map(({ headers }) => [
      headers["webhook-id"],
      headers["idempotency-key"],
    ]);
    expect(ids).toEqual([
      [effectId, effectId],
      [effectId, effectId],
    ]);
  });

  it("bears headers of one's own beside", async () => {
    const { receiver, send } = await start({ headers: { "x-service": "forms" } });
    await send({});
    expect(receiver.received[0]?.headers).toMatchObject({
      ...{ "x-service": "forms", "content-type": "application/json" },
    });
  });
});

describe("a receipt", () => {
  it("is the attempt's, so that two acceptances are two", async () => {
    const { send } = await start();
    expect(await send({})).toMatchObject({ receipt: { id: attemptOf().id } });
  });

  it("is the effect's where the receiver dedupes: a repetition is the same acceptance", async () => {
    const { sender, send } = await start({ idempotent: { windowMs: 3_600_000 } });
    expect(sender.idempotent).toEqual({ windowMs: 3_600_000 });
    expect(await send({}, attemptOf({ attemptNumber: 2 }))).toMatchObject({
      receipt: { id: attemptOf().effectId },
    });
  });
});

describe("what a status says", () => {
  const statuses: readonly (readonly [string, object])[] = [
    ["204 No Content", { status: "accepted" }],
    ["202 Accepted", { status: "accepted" }],
    ["303 See Other", { status: "unknown", reason: "status303" }],
    ["400 Bad Request", { status: "rejected", permanent: true }],
    ["408 Request Timeout", { status: "unknown", reason: "status408" }],
    ["409 Conflict", { status: "unknown", reason: "status409" }],
    ["410 Gone", { status: "rejected", permanent: true }],
    ["418 I'm a teapot", { status: "unknown" }],
    ["423 Locked", { status: "unknown" }],
    ["425 Too Early", { status: "rejected", throttle: { scope: "rate", retryAfterMs: 30_000 } }],
    ["429 Too Many Requests", { status: "rejected", throttle: { retryAfterMs: 30_000 } }],
    ["499 Client Closed Request", { status: "unknown" }],
    ["501 Not Implemented", { status: "unknown" }],
    ["504 Gateway Timeout", { status: "unknown" }],
  ];

  it.each(statuses)("%s", async (status, outcome) => {
    const { endpoint } = await answeringWith(status);
    const { send } = await start({ url: endpoint });
    expect(await send({})).toMatchObject(outcome);
  });

  it.each(["401 Unauthorized", "403 Forbidden", "404 Not Found"])(
    "%s of the one receiver is no webhook's fault: they wait until it is mended",
    async (status) => {
      const { endpoint } = await answeringWith(status);
      const { send } = await start({ url: endpoint });
      const outcome = await send({});
      expect(outcome).toMatchObject({ status: "rejected", throttle: { retryAfterMs: 60_000 } });
    },
  );

  it("403 of one receiver among many stops none of the others", async () => {
    const { endpoint } = await answeringWith("403 Forbidden");
    const sender = webhookSender(local);
    const prepared = await sender.prepare({ url: endpoint, body: {} });
    const outcome = await sender.send(prepared, attemptOf());
    expect(outcome).toEqual({ status: "rejected", reason: "status403", permanent: false });
  });

  it.each([
    ["7", 7_000],
    ["0", 1_000],
    ["999999", 3_600_000],
    ["Thu, 01 Jan 2026 00:01:00 GMT", 60_000],
    ["soon", 30_000],
  ])("Retry-After: %s is heeded within reason", async (header, retryAfterMs) => {
    const { endpoint } = await answeringWith("429 Too Many Requests", { "retry-after": header });
    const { send } = await start({ url: endpoint, clock: createVirtualClock() });
    expect(await send({})).toMatchObject({ throttle: { retryAfterMs } });
  });
});

describe("a webhook that mustn't go out", () => {
  it("to a private address is refused before it, and told at the start", async () => {
    const receiver = await startReceiver();
    onTestFinished(() => receiver.close());
    const sender = webhookSender({ secrets: [secret], allowHttp: true });
    const prepared = await sender.prepare({ url: receiver.url, body: {} });
    expect(await sender.send(prepared, attemptOf())).toEqual({
      ...{ status: "rejected", reason: "privateAddress", permanent: true },
    });
    const fixed = webhookSender({ secrets: [secret], allowHttp: true, url: receiver.url });
    await expect(fixed.verify()).rejects.toThrow("url leads to a private address");
    expect(receiver.requests()).toBe(0);
  });

  it.each([
    [{ body: {} }, "no url"],
    [{ url: "https://example.org/", secrets: ["whsec_c2hvcnQ="], body: {} }, "no secret"],
    [{ url: "https://example.org/", secrets: [], body: {} }, "no secret"],
    [{ url: "http://example.org/", body: {} }, "https:"],
    [{ url: "ftp://example.org/", body: {} }, "https:"],
    [{ url: "https://me:pass@example.org/", body: {} }, "password"],
    [{ url: "https://example.org/", body: () => 1 }, "can't be written as JSON"],
    [{ url: "https://example.org/", body: "x".repeat(11) }, "more than 10 bytes"],
    [{ url: "https://example.org/", body: "x", contentType: "a\r\nb: c" }, "contentType"],
  ])("is refused in prepare: %o", async (webhook, text) => {
    const sender = webhookSender({ secrets: [secret], maxBodyBytes: 10 });
    await expect(sender.prepare(webhook)).rejects.toThrow(text);
  });
});

it.each<readonly [WebhookSenderOptions, string]>([
  [{ url: "example.org" }, "url is no URL"],
  [{ secrets: ["secret"] }, 'give "whsec_"'],
  [{ secrets: [] }, "secrets has one that is none"],
  [{ idempotent: { windowMs: 60_000 } }, "idempotent.windowMs is 60000"],
  [{ headers: { "Webhook-Id": "1" } }, "which the sender sets itself"],
  [{ headers: { a: "x\r\nb: c" } }, "visible ASCII"],
  [{ timestampToleranceMs: 0 }, "timestampToleranceMs is 0"],
  [{ limits: { bodyMs: 0 } }, "webhookSender: limits.bodyMs is 0"],
])("options that can't work are refused by name: %o", (options, text) => {
  expect(() => webhookSender(options)).toThrow(text);
});
