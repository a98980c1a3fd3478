import { type DedupeStore, memoryStore, StoreUnavailableError } from "@exactly-once/core";
import { repliesOf } from "@exactly-once/core/ports";
import { createVirtualClock, memoryQueue } from "@exactly-once/core/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { beginAttempt, namespace, pipeline } from "./attempts.fixture.js";
import { createSesEventReconciler, type SesEventReconcilerOptions } from "./event-reconciler.js";
import type { ReconcileObservation } from "./reconcile-observation.js";
import { memoryReconcileProgress } from "./reconcile-progress.js";
import { eventBody, inEnvelope, type EventDraft } from "./ses-event.fixture.js";

/** A service's store, and a reconciler that is fed with events until it has handled them all. */
const start = async (options: Partial<SesEventReconcilerOptions> = {}) => {
  const clock = createVirtualClock();
  const store = memoryStore({ clock });
  const deadLetterQueue = memoryQueue({ clock, name: "events-dead" });
  const queue = memoryQueue({ clock, name: "events", deadLetterQueue });
  const told: ReconcileObservation[] = [];
  const reconciler = createSesEventReconciler({
    ...{ namespace, queue, store, clock },
    observe: (observation) => told.push(observation),
    ...options,
  });
  await clock.run(reconciler.start());
  onTestFinished(() => clock.run(reconciler.stop()));
  const feed = async (...drafts: readonly (EventDraft | string)[]) => {
    for (const draft of drafts) queue.send(typeof draft === "string" ? draft : eventBody(draft));
    await clock.advance(10_000);
  };
  const stateOf = async (key: string) => repliesOf(await store.read([key]))[0]?.effects[0];
  const types = () => told.map(({ type }) => type);
  return { clock, store, queue, reconciler, feed, stateOf, told, types };
};

const accepted = (id: string) => ({ state: "accepted", receipt: { id, via: "event" } });

describe("an event", () => {
  it("settles the attempt of its tag while it is being made", async () => {
    const { store, queue, feed, stateOf, types } = await start();
    const attempt = await beginAttempt(store, "a");
    await feed({ attemptId: attempt.id, messageId: "0100-x", acceptedAt: 1_700_000_000_000 });
    expect(await stateOf(attempt.key)).toMatchObject({
      state: "accepted",
      receipt: { id: "0100-x", at: 1_700_000_000_000, via: "event" },
    });
    expect(types()).toEqual(["eventSettled"]);
    expect(queue.messages()).toEqual([]);
  });

  it("settles an attempt of unknown outcome, through SNS's envelope", async () => {
    const { store, feed, stateOf } = await start();
    const attempt = await beginAttempt(store, "a");
    await store.release([attempt]);
    expect(await stateOf(attempt.key)).toMatchObject({ state: "unknown" });
    await feed(inEnvelope(eventBody({ attemptId: attempt.id, messageId: "0100-x" })));
    expect(await stateOf(attempt.key)).toMatchObject(accepted("0100-x"));
  });

  it("settles an attempt that was taken for rejected", async () => {
    const { store, feed, stateOf } = await start();
    const attempt = await beginAttempt(store, "a");
    await store.settle(attempt, { status: "rejected", reason: "a mistake" });
    await feed({ attemptId: attempt.id, messageId: "0100-x" });
    expect(await stateOf(attempt.key)).toMatchObject(accepted("0100-x"));
  });

  it("settles an attempt whose message was dead-lettered, and says so", async () => {
    const { clock, store, feed, stateOf, told } = await start();
    const attempt = await beginAttempt(store, "a");
    await store.release([attempt]);
    await clock.advance(2_000_000);
    const burial = { key: attempt.key, keyText: "k", pipeline, messageId: "a", reason: "held" };
    expect(await store.bury(burial)).toBe("dead");
    await feed({ attemptId: attempt.id, messageId: "0100-x" });
    expect(await stateOf(attempt.key)).toMatchObject(accepted("0100-x"));
    expect(told).toContainEqual(
      expect.objectContaining({
        type: "settledAfterDeadLetter",
        attemptId: attempt.id,
        dead: expect.objectContaining({ messageId: "a", reason: "held" }) as unknown,
      }),
    );
  });

  it("confirms what is known already without any alarm", async () => {
    const { store, feed, types } = await start();
    const attempt = await beginAttempt(store, "a");
    const receipt = { id: "0100-x", at: 1, via: "provider" } as const;
    await store.settle(attempt, { status: "accepted", receipt });
    await feed({ attemptId: attempt.id, messageId: "0100-x", eventType: "Delivery" });
    expect(types()).toEqual(["eventSettled"]);
  });

  it("of another MessageId proves a duplicate: the alarm bears both ids", async () => {
    const { store, feed, told } = await start();
    const attempt = await beginAttempt(store, "a");
    await feed({ attemptId: attempt.id, messageId: "0100-x" });
    await feed({ attemptId: attempt.id, messageId: "0100-y" });
    expect(told.at(-1)).toMatchObject({
      type: "duplicateProven",
      attemptId: attempt.id,
      receipt: { id: "0100-y" },
      duplicateOf: { id: "0100-x" },
    });
  });

  it.each(["Reject", "Rendering Failure", "Bounce"])(
    "%s means taken but not delivered: settled, told, never retried",
    async (eventType) => {
      const { store, feed, stateOf, types } = await start();
      const attempt = await beginAttempt(store, "a");
      await feed({ attemptId: attempt.id, messageId: "0100-x", eventType });
      expect(await stateOf(attempt.key)).toMatchObject(accepted("0100-x"));
      expect(types()).toEqual(["eventSettled", "undeliverable"]);
    },
  );

  it("of a bounce says why, in SES's word: the account's own suppression list, for one", async () => {
    const { store, feed, told } = await start();
    const attempt = await beginAttempt(store, "a");
    const body = JSON.parse(
      eventBody({ attemptId: attempt.id, messageId: "0100-x", eventType: "Bounce" }),
    ) as object;
    const bounce = { bounceType: "Permanent", bounceSubType: "OnAccountSuppressionList" };
    await feed(JSON.stringify({ ...body, bounce }));
    expect(told.at(-1)).toMatchObject({ type: "undeliverable", why: "OnAccountSuppressionList" });
    await feed(JSON.stringify({ ...body, bounce: { bounceSubType: "a@example.org said no" } }));
    expect(told.at(-1)).toEqual(expect.not.objectContaining({ why: expect.anything() as unknown }));
  });
});

describe("events that repeat and come in any order", () => {
  it("leave every attempt accepted once, without an alarm", async () => {
    const { store, feed, stateOf, types, reconciler } = await start();
    const names = Array.from({ length: 25 }, (_, n) => `n${n}`);
    const attempts = await Promise.all(names.map((name) => beginAttempt(store, name)));
    const drafts = attempts.flatMap(({ id }, n) =>
      ["Open", "Delivery", "Send", "Send"].map((eventType, turn) => ({
        draft: { attemptId: id, messageId: `0100-${n}`, eventType },
        order: (n * 7 + turn * 13) % 29,
      })),
    );
    await feed(...drafts.sort((a, b) => a.order - b.order).map(({ draft }) => draft));
    for (const [n, { key }] of attempts.entries()) {
      expect(await stateOf(key)).toMatchObject(accepted(`0100-${n}`));
    }
    expect(new Set(types())).toEqual(new Set(["eventSettled"]));
    expect(reconciler.counts()).toEqual({ Open: 25, Delivery: 25, Send: 50 });
  });
});

describe("an event that isn't about an attempt of ours", () => {
  it("is passed over when it is another service's, even with an id we know", async () => {
    const { store, queue, feed, stateOf, types, reconciler } = await start();
    const attempt = await beginAttempt(store, "a");
    await feed({ attemptId: attempt.id, namespace: "other" }, { messageId: "0100-untagged" });
    expect(await stateOf(attempt.key)).toMatchObject({ state: "sending" });
    expect(types()).toEqual(["foreignEvent", "foreignEvent"]);
    expect(queue.messages()).toEqual([]);
    expect(reconciler.counts()).toEqual({});
  });

  it.each([`${"0".repeat(32)}-email-owner-1-1`, "not an id", "__proto__"])(
    "is reported when nobody knows the attempt: %s",
    async (attemptId) => {
      const { queue, feed, told } = await start();
      await feed({ attemptId, messageId: "0100-x" });
      expect(told).toEqual([
        expect.objectContaining({ type: "unknownAttempt", attemptId, messageId: "0100-x" }),
      ]);
      expect(queue.messages()).toEqual([]);
    },
  );

  it("but of a new type is kept: told, counted, handed on and taken for a proof", async () => {
    const kept: string[] = [];
    const { store, feed, stateOf, types, reconciler } = await start({
      onEvent: ({ typeText }) => void kept.push(typeText),
    });
    const attempt = await beginAttempt(store, "a");
    await feed({ attemptId: attempt.id, eventType: "Teleported", messageId: "0100-x" });
    expect(types()).toEqual(["unknownEventType", "eventSettled"]);
    expect(reconciler.counts()).toEqual({ Teleported: 1 });
    expect(kept).toEqual(["Teleported"]);
    expect(await stateOf(attempt.key)).toMatchObject(accepted("0100-x"));
  });

  it("is dead-lettered when it is unreadable, and acknowledged when it is a notice", async () => {
    const { queue, feed, types } = await start();
    await feed(
      "<xml/>",
      inEnvelope("Successfully validated SNS topic for Amazon SES event publishing."),
    );
    expect(types()).toEqual(["notice"]);
    expect(queue.messages()).toEqual([]);
    expect(queue.deadLetters().map(({ body }) => body)).toEqual(["<xml/>"]);
  });
});

describe("while something is down", () => {
  it("no event is lost, dead-lettered or counted as processed", async () => {
    let down = false;
    const guard =
      <Args extends unknown[], Reply>(call: (...args: Args) => Promise<Reply>) =>
      (...args: Args): Promise<Reply> =>
        down ? Promise.reject(new StoreUnavailableError("down")) : call(...args);
    const progress = memoryReconcileProgress();
    const clock = createVirtualClock();
    const inner = memoryStore({ clock });
    const { control: _, ...rest } = inner;
    const store: DedupeStore = { ...rest, settle: guard(inner.settle), read: guard(inner.read) };
    const deadLetterQueue = memoryQueue({ clock, name: "events-dead" });
    const queue = memoryQueue({ clock, name: "events", deadLetterQueue, maxReceiveCount: 3 });
    const reconciler = createSesEventReconciler({ namespace, queue, store, progress, clock });
    await clock.run(reconciler.start());
    onTestFinished(() => clock.run(reconciler.stop()));
    const attempt = await beginAttempt(inner, "a");

    down = true;
    queue.send(eventBody({ attemptId: attempt.id, messageId: "0100-x", acceptedAt: 5_000 }));
    await clock.advance(3_600_000);
    expect(queue.messages()).toHaveLength(1);
    expect(await progress.read(namespace)).toBeUndefined();

    down = false;
    await clock.advance(300_000);
    expect(queue.messages()).toEqual([]);
    expect(queue.deadLetters()).toEqual([]);
    expect(repliesOf(await inner.read([attempt.key]))[0]?.effects[0]).toMatchObject(
      accepted("0100-x"),
    );
    expect(await progress.read(namespace)).toBe(5_000);
  });

  it("in onEvent, the event comes again", async () => {
    let tries = 0;
    const { store, queue, feed, clock } = await start({
      onEvent: () => {
        tries += 1;
        if (tries < 3) throw new Error("history is down");
      },
    });
    const attempt = await beginAttempt(store, "a");
    await feed({ attemptId: attempt.id });
    await clock.advance(60_000);
    expect(tries).toBe(3);
    expect(queue.messages()).toEqual([]);
    expect(queue.deadLetters()).toEqual([]);
  });

  it("on purpose, by a pause of the service, events are settled all the same", async () => {
    const { clock, store, feed, stateOf } = await start();
    await store.control.pause(namespace, undefined, { by: "operator", why: "incident" });
    // Longer than a receive that was under way before the pause.
    await clock.advance(60_000);
    const attempt = await beginAttempt(store, "a");
    await feed({ attemptId: attempt.id, messageId: "0100-x" });
    expect(await stateOf(attempt.key)).toMatchObject(accepted("0100-x"));
  });
});

describe("the mark of progress", () => {
  it("moves with Send events of ours only, and never back", async () => {
    const progress = memoryReconcileProgress();
    const { store, feed } = await start({ progress });
    const { id: attemptId } = await beginAttempt(store, "a");
    await feed({ attemptId, acceptedAt: 9_000, eventType: "Delivery" });
    await feed({ attemptId, acceptedAt: 8_000, namespace: "other" });
    expect(await progress.read(namespace)).toBeUndefined();
    await feed({ attemptId, acceptedAt: 7_000 });
    await feed({ attemptId, acceptedAt: 6_000 });
    expect(await progress.read(namespace)).toBe(7_000);
  });

  it("isn't moved by an email that nobody knows, nor by one that is dated ahead", async () => {
    const progress = memoryReconcileProgress();
    const { clock, store, feed, stateOf, types } = await start({ progress });
    const attempt = await beginAttempt(store, "a");
    const { id: attemptId } = attempt;
    await feed({ attemptId: "no attempt of ours", acceptedAt: 5_000 });
    await feed({ attemptId: `${"0".repeat(32)}-email-owner-1-1`, acceptedAt: 5_000 });
    expect(await progress.read(namespace)).toBeUndefined();
    const in2099 = Date.parse("2099-01-01T00:00:00Z");
    await feed({ attemptId, acceptedAt: in2099, messageId: "0100-x" });
    expect(await progress.read(namespace)).toBeUndefined();
    expect(types()).toEqual(["unknownAttempt", "unknownAttempt", "datedAhead", "eventSettled"]);
    // It is evidence all the same, of now.
    const state = await stateOf(attempt.key);
    expect(state).toMatchObject(accepted("0100-x"));
    expect(state?.receipt?.at).toBeLessThanOrEqual(clock.now());
    await feed({ attemptId, acceptedAt: clock.now(), messageId: "0100-x" });
    expect(await progress.read(namespace)).toBeLessThanOrEqual(clock.now());
  });
});
