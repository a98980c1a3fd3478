import { memoryStore } from "@exactly-once/core";
import { formatAttemptId, repliesOf } from "@exactly-once/core/ports";
import { describe, expect, it } from "vitest";
import { attemptOf, keyDigest } from "../notify.fixture.js";
import { notifyCallbacks, type CallbackObservation } from "./callbacks.js";

const bearerToken = "a token of some length";
const authorization = `Bearer ${bearerToken}`;
const notificationId = "740e5834-3a29-46b4-9a6f-16142fde533a";

async function start() {
  const store = memoryStore();
  const [claimed] = repliesOf(
    await store.claim([
      {
        ...{ key: keyDigest, keyText: "[]", pipeline: "form-updated", owner: "owner" },
        ...{ leaseMs: 60_000, messageId: "m", fingerprint: "v1:f" },
      },
    ]),
  );
  expect(claimed).toMatchObject({ status: "claimed", fence: 1 });
  const ref = { key: keyDigest, effect: "email", owner: "owner", fence: 1, attemptNumber: 1 };
  const times = { timeoutMs: 10_000, validityMs: 10_000, fingerprint: "v1:f" };
  await store.begin({ ...ref, ...times });
  const seen: CallbackObservation[] = [];
  const handle = notifyCallbacks({ store, bearerToken, observe: (each) => seen.push(each) });
  const receive = (fields: object = {}, header = authorization) =>
    handle({
      authorization: header,
      body: JSON.stringify({
        ...{ id: notificationId, reference: formatAttemptId(ref), status: "delivered" },
        ...{ to: "doctor@example.org", created_at: "2026-01-01T00:00:00.000000Z" },
        ...fields,
      }),
    });
  const effect = async () => repliesOf(await store.read([keyDigest]))[0]?.effects[0];
  return { store, handle, receive, seen, effect };
}

describe("a delivery receipt", () => {
  it.each(["delivered", "permanent-failure", "temporary-failure", "technical-failure"])(
    "proves that Notify took the notification, whatever became of it: %s",
    async (status) => {
      const { receive, effect, seen } = await start();
      expect(await receive({ status })).toBe(204);
      expect(await effect()).toMatchObject({
        ...{ state: "accepted", receipt: { id: notificationId, via: "event" } },
      });
      const told = seen.map(({ type }) => type);
      expect(told).toEqual(status === "delivered" ? ["settled"] : ["settled", "undeliverable"]);
      expect(JSON.stringify(seen)).not.toContain("doctor");
    },
  );

  it("of another id for the same attempt proves a duplicate", async () => {
    const { receive, seen } = await start();
    await receive();
    await receive({ id: notificationId.replace("7", "8") });
    expect(seen.at(-1)).toMatchObject({
      type: "duplicateProven",
      duplicateOf: { id: notificationId },
    });
  });

  it.each([null, "an order of ours", "a-b"])(
    "of no attempt of ours is foreign: %s",
    async (reference) => {
      const { receive, seen, effect } = await start();
      expect(await receive({ reference })).toBe(204);
      expect(seen).toEqual([{ type: "foreign", notificationId, status: "delivered" }]);
      expect(await effect()).toMatchObject({ state: "sending" });
    },
  );

  it("of a key that the store doesn't know is told", async () => {
    const { receive, seen } = await start();
    const reference = attemptOf().id.replace("0", "f");
    expect(await receive({ reference })).toBe(204);
    expect(seen).toMatchObject([{ type: "unknownAttempt", attemptId: reference }]);
  });
});

describe("a request that isn't Notify's", () => {
  it.each([undefined, "", "Bearer another token", bearerToken])(
    "is refused without the token: %s",
    async (header) => {
      const { handle, effect } = await start();
      expect(await handle({ authorization: header, body: "{}" })).toBe(401);
      expect(await effect()).toMatchObject({ state: "sending" });
    },
  );

  it.each([{ id: "1" }, { id: undefined }, { status: 7 }, { status: "<b>" }])(
    "is refused where it says nothing: %o",
    async (fields) => {
      const { receive } = await start();
      expect(await receive(fields)).toBe(400);
    },
  );

  it.each(["no json", "x".repeat(70_000), "[]"])("is refused unread", async (body) => {
    const { handle } = await start();
    expect(await handle({ authorization, body })).toBe(400);
  });
});

it("asks to be called again while the store is away", async () => {
  const store = { settle: () => Promise.reject(new Error("away")) };
  const handle = notifyCallbacks({ store, bearerToken });
  const body = { id: notificationId, status: "delivered", reference: attemptOf().id };
  expect(await handle({ authorization, body: JSON.stringify(body) })).toBe(503);
});

it("a token that can be guessed is refused by name", () => {
  const store = memoryStore();
  expect(() => notifyCallbacks({ store, bearerToken: "short" })).toThrow("bearerToken needs 16");
});
