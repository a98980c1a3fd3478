import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { NotifyClient } from "notifications-node-client";
import { describe, expect, it, onTestFinished } from "vitest";
import { bearerToken, parseApiKey } from "../wire/api-key.js";
import { createLocalNotify, type LocalNotifyOptions } from "./index.js";

const templateId = "f33517ff-2a88-4f6e-b855-c550268ce08a";

const start = async (options: LocalNotifyOptions = {}) => {
  const notify = await createLocalNotify(options);
  onTestFinished(() => notify.close());
  const client = new NotifyClient(notify.endpoint, notify.apiKey);
  const tokenAt = (now: number) => {
    const key = parseApiKey(notify.apiKey);
    return key === undefined ? "" : bearerToken(key, now);
  };
  const get = (path: string, token: string) =>
    fetch(notify.endpoint + path, { headers: { authorization: `Bearer ${token}` } });
  return { notify, client, tokenAt, get };
};

const failure = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: { readonly response?: { readonly data?: unknown } }) => error.response?.data,
  );

describe("Notify's own client before the local Notify", () => {
  it("sends an email by a template, and finds it by id and by reference", async () => {
    const { client } = await start({
      templates: { [templateId]: { subject: "Form ((form))", body: "Dear ((name)),\nthanks." } },
    });
    const personalisation = { form: "A", name: "Amala" };
    const sent = await client.sendEmail(templateId, "doctor@example.org", {
      ...{ personalisation, reference: "attempt 1" },
    });
    expect(sent.status).toBe(201);
    expect(sent.data).toMatchObject({
      ...{ reference: "attempt 1", content: { subject: "Form A", body: "Dear Amala,\nthanks." } },
    });
    const { id } = sent.data as { readonly id: string };
    const one = await client.getNotificationById(id);
    expect(one.data).toMatchObject({ id, type: "email", email_address: "doctor@example.org" });
    const listed = await client.getNotifications("email", undefined, "attempt 1");
    expect(listed.data).toMatchObject({ notifications: [{ id, reference: "attempt 1" }] });
    const others = await client.getNotifications("email", undefined, "attempt 2");
    expect(others.data).toMatchObject({ notifications: [] });
  });

  it("sends a text message", async () => {
    const { client, notify } = await start();
    const sent = await client.sendSms(templateId, "+447900900123", {
      personalisation: { code: "1" },
    });
    expect(sent.status).toBe(201);
    expect(notify.sent()).toMatchObject([{ type: "sms", to: "+447900900123", body: "1" }]);
  });

  it.each([
    [{ personalisation: {} }, "doctor@example.org", 400, "BadRequestError"],
    [{ personalisation: { name: "A" } }, "nobody", 400, "ValidationError"],
  ])("is refused as the documentation says: %o to %s", async (options, to, status, error) => {
    const { client } = await start({ templates: { [templateId]: { body: "Dear ((name))" } } });
    expect(await failure(client.sendEmail(templateId, to, options))).toMatchObject({
      ...{ status_code: status, errors: [{ error }] },
    });
  });

  it.each(["rate-limit", "daily-limit"] as const)("is throttled: %s", async (fault) => {
    const { client, notify } = await start();
    notify.strike(fault);
    const error = fault === "rate-limit" ? "RateLimitError" : "TooManyRequestsError";
    const answer = await failure(client.sendEmail(templateId, "doctor@example.org", {}));
    expect(answer).toMatchObject({ status_code: 429, errors: [{ error }] });
  });
});

describe("a token", () => {
  it.each([
    [-32, 403],
    [-29, 200],
    [29, 200],
    [32, 403],
  ])("of %i s from now is answered %i", async (seconds, status) => {
    const now = Date.UTC(2026, 0, 1);
    const { tokenAt, get } = await start({ now: () => now });
    const answer = await get("/v2/notifications", tokenAt(now + seconds * 1_000));
    expect(answer.status).toBe(status);
  });

  it("of another key is refused", async () => {
    const { get } = await start();
    const other = await createLocalNotify();
    onTestFinished(() => other.close());
    const key = parseApiKey(other.apiKey);
    const answer = await get("/v2/notifications", key ? bearerToken(key, Date.now()) : "");
    expect(await answer.json()).toMatchObject({
      status_code: 403,
      errors: [{ error: "AuthError" }],
    });
  });
});

describe("a listing", () => {
  it("has what was taken after a lag, and until the retention is over", async () => {
    let now = Date.UTC(2026, 0, 1);
    const { client, tokenAt, get } = await start({
      ...{ now: () => now, listingLagMs: 1_000, retentionMs: 60_000 },
    });
    const count = async () => {
      const answer = await get("/v2/notifications?reference=r", tokenAt(now));
      return ((await answer.json()) as { notifications: unknown[] }).notifications.length;
    };
    const realNow = Date.now;
    Date.now = () => now;
    onTestFinished(() => {
      Date.now = realNow;
    });
    await client.sendEmail(templateId, "doctor@example.org", { reference: "r" });
    expect(await count()).toBe(0);
    now += 1_000;
    expect(await count()).toBe(1);
    now += 58_999;
    expect(await count()).toBe(1);
    now += 1;
    expect(await count()).toBe(0);
  });

  it("never has what a fault omits, though it was answered", async () => {
    const { client, notify } = await start({
      faults: (request) => (request === 1 ? "omit" : undefined),
    });
    await client.sendEmail(templateId, "doctor@example.org", { reference: "r" });
    expect(notify.sent()).toHaveLength(1);
    expect((await client.getNotifications("email", undefined, "r")).data).toMatchObject({
      notifications: [],
    });
  });
});

it("a delivery receipt goes to the service, with its token", async () => {
  const received: unknown[] = [];
  const server = createServer((request, response) => {
    request.on("data", (chunk: Buffer) => {
      received.push([request.headers.authorization, JSON.parse(chunk.toString())]);
    });
    request.on("end", () => response.writeHead(204).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const callback = { url: `http://127.0.0.1:${port}/`, bearerToken: "some token" };
  const { client, notify } = await start({ callback });
  await client.sendEmail(templateId, "doctor@example.org", { reference: "r" });
  const [sent] = notify.sent();
  expect(await notify.deliver(sent?.id ?? "", "delivered")).toBe(204);
  expect(received).toMatchObject([
    [
      "Bearer some token",
      { id: sent?.id, reference: "r", status: "delivered", template_version: 1 },
    ],
  ]);
});

it("the page shows what was sent, and takes none of it for markup", async () => {
  const { client, notify } = await start();
  await client.sendEmail(templateId, "doctor@example.org", {
    personalisation: { subject: "<b>Hello</b>", text: "Dear & all" },
  });
  const page = await (await fetch(notify.endpoint)).text();
  expect(page).toContain("&lt;b&gt;Hello&lt;/b&gt;");
  expect(page).toContain("Dear &amp; all");
});
