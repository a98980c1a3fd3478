import { repliesOf } from "@exactly-once/core/ports";
import { memoryStore } from "@exactly-once/core";
import { createVirtualClock } from "@exactly-once/core/testing";
import { describe, expect, it } from "vitest";
import { beginAttempt, namespace, pipeline } from "./attempts.fixture.js";
import type { EventBacklog } from "./judge-silence.js";
import type { ReconcileObservation } from "./reconcile-observation.js";
import { memoryReconcileProgress } from "./reconcile-progress.js";
import { createReconciler, type ReconcilerOptions } from "./reconciler.js";

const minute = 60_000;
/** Past deadline, validity and slack of the fixture's attempts. */
const longEnough = 20 * minute;

/** An attempt of unknown outcome, about which SES stays silent. */
const start = async (options: Partial<ReconcilerOptions> = {}) => {
  const clock = createVirtualClock();
  const store = memoryStore({ clock });
  const progress = memoryReconcileProgress();
  const told: ReconcileObservation[] = [];
  const backlog: { now: EventBacklog } = { now: { pending: 0, deadLettered: 0 } };
  const reconciler = createReconciler({
    ...{ namespace, store, progress, clock },
    backlog: () => Promise.resolve(backlog.now),
    effects: { [pipeline]: ["email"] },
    observe: (observation) => told.push(observation),
    ...options,
  });
  const attempt = await beginAttempt(store, "a");
  await store.release([attempt]);
  const stateOf = async () => repliesOf(await store.read([attempt.key]))[0]?.effects[0];
  const lookFor = async (ms: number) => {
    reconciler.start();
    await clock.advance(ms);
    await clock.run(reconciler.stop());
  };
  const last = () => told.at(-1);
  return { clock, store, progress, backlog, reconciler, attempt, stateOf, lookFor, told, last };
};

/** All conditions of the verdict are met but those the test takes away. */
const startDue = async (options: Partial<ReconcilerOptions> = {}) => {
  const started = await start(options);
  await started.clock.advance(longEnough);
  await started.progress.advance(namespace, started.clock.now());
  return started;
};

describe("silence about an attempt", () => {
  it("is taken for not sent when every condition has held for a while", async () => {
    const { store, attempt, stateOf, lookFor, last } = await startDue();
    await lookFor(minute);
    expect(await stateOf()).toMatchObject({ state: "unknown" });
    expect(last()).toMatchObject({ type: "undecided", because: "settling" });
    await lookFor(3 * minute);
    expect(await stateOf()).toMatchObject({ state: "rejected" });
    expect(last()).toMatchObject({ type: "resolvedNotSent", attemptId: attempt.id });
    const [view] = repliesOf(await store.read([attempt.key]));
    expect(view?.resolutions).toEqual([
      expect.objectContaining({ attemptId: attempt.id, verdict: "not-sent", by: "reconciler" }),
    ]);
  });

  it("proves nothing before deadline, validity and 15 minutes have passed", async () => {
    const { clock, progress, stateOf, lookFor, last } = await start();
    await lookFor(16 * minute);
    await progress.advance(namespace, clock.now());
    await lookFor(minute);
    expect(await stateOf()).toMatchObject({ state: "unknown" });
    expect(last()).toMatchObject({ because: "tooEarly" });
  });

  it("proves nothing before an event of a later email was processed", async () => {
    const { clock, progress, stateOf, lookFor, last } = await start();
    const begunAt = clock.now();
    await clock.advance(longEnough);
    await lookFor(10 * minute);
    expect(last()).toMatchObject({ because: "noLaterEvent" });
    // Later than the attempt, but SES could still have taken it after this one.
    await progress.advance(namespace, begunAt + 16 * minute);
    await lookFor(10 * minute);
    expect(last()).toMatchObject({ because: "noLaterEvent" });
    expect(await stateOf()).toMatchObject({ state: "unknown" });
  });

  it("proves nothing by an event of tomorrow", async () => {
    const { clock, progress, lookFor, last } = await start();
    await clock.advance(longEnough);
    await progress.advance(namespace, clock.now() + 24 * 60 * minute);
    await lookFor(10 * minute);
    expect(last()).toMatchObject({ because: "noLaterEvent" });
  });

  it.each<[string, EventBacklog, string]>([
    ["an event waits", { pending: 1, deadLettered: 0 }, "eventsPending"],
    ["an old event waits", { pending: 1, oldestSentAt: 0, deadLettered: 0 }, "eventsPending"],
    ["an event was dead-lettered", { pending: 0, deadLettered: 1 }, "eventsDeadLettered"],
  ])("proves nothing while %s", async (_, now, because) => {
    const { backlog, stateOf, lookFor, last } = await startDue();
    backlog.now = now;
    await lookFor(10 * minute);
    expect(last()).toMatchObject({ type: "undecided", because });
    expect(await stateOf()).toMatchObject({ state: "unknown" });
  });

  it("isn't disturbed by events that can't be about it", async () => {
    const { clock, backlog, stateOf, lookFor } = await startDue();
    backlog.now = { pending: 9, oldestSentAt: clock.now(), deadLettered: 0 };
    await lookFor(10 * minute);
    expect(await stateOf()).toMatchObject({ state: "rejected" });
  });

  it("has to be silence all the time: a look between that sees events starts it anew", async () => {
    const { clock, backlog, reconciler, stateOf } = await startDue();
    await reconciler.look();
    await clock.advance(minute);
    backlog.now = { pending: 1, deadLettered: 0 };
    await reconciler.look();
    backlog.now = { pending: 0, deadLettered: 0 };
    await clock.advance(minute);
    await reconciler.look();
    await clock.advance(minute);
    expect(await reconciler.look()).toBe(0);
    expect(await stateOf()).toMatchObject({ state: "unknown" });
    await clock.advance(minute);
    expect(await reconciler.look()).toBe(1);
  });

  it("starts anew after a look that failed", async () => {
    let fails = false;
    const { clock, reconciler } = await startDue({
      backlog: () =>
        fails
          ? Promise.reject(new Error("SQS is down"))
          : Promise.resolve({ pending: 0, deadLettered: 0 }),
    });
    await reconciler.look();
    fails = true;
    await clock.advance(minute);
    await expect(reconciler.look()).rejects.toThrow("SQS is down");
    fails = false;
    await clock.advance(minute);
    expect(await reconciler.look()).toBe(0);
  });

  it("is left to an operator once events of that time may be gone", async () => {
    const { clock, progress, stateOf, lookFor, last } = await start();
    await clock.advance(25 * 60 * minute);
    await progress.advance(namespace, clock.now());
    await lookFor(10 * minute);
    expect(last()).toMatchObject({ because: "tooOld" });
    expect(await stateOf()).toMatchObject({ state: "unknown" });
  });
});

describe("a reconciler", () => {
  it.each([
    ["intervalMs", Infinity],
    ["settleMs", 0],
    ["quietMs", Number.NaN],
    ["clockSlackMs", -1],
  ])("refuses %s of %d", async (name, ms) => {
    await expect(start({ [name]: ms })).rejects.toThrow(
      `createReconciler: ${name} is ${ms}; give whole milliseconds`,
    );
  });

  it("gives way to evidence that comes while it waits", async () => {
    const { store, attempt, lookFor, stateOf, clock } = await startDue();
    await lookFor(minute);
    const receipt = { id: "0100-x", at: clock.now(), via: "event" } as const;
    await store.settle(attempt, { status: "accepted", receipt });
    await lookFor(10 * minute);
    expect(await stateOf()).toMatchObject({ state: "accepted", receipt });
  });

  it("judges only the effects it was given, of its own namespace", async () => {
    const { stateOf, lookFor, told } = await startDue({ effects: { [pipeline]: ["sms"] } });
    await lookFor(10 * minute);
    expect(await stateOf()).toMatchObject({ state: "unknown" });
    const other = await startDue();
    const foreign = await beginAttempt(other.store, "b", { namespace: "other" });
    await other.store.release([foreign]);
    await other.clock.advance(longEnough);
    await other.progress.advance(namespace, other.clock.now());
    await other.lookFor(10 * minute);
    const [view] = repliesOf(await other.store.read([foreign.key]));
    expect(view?.effects[0]).toMatchObject({ state: "unknown" });
    expect(told).toEqual([]);
  });

  it("tells of a look that fails and goes on", async () => {
    let looks = 0;
    const { lookFor, told, stateOf } = await startDue({
      backlog: () => {
        looks += 1;
        return looks === 1
          ? Promise.reject(new Error("SQS is down"))
          : Promise.resolve({ pending: 0, deadLettered: 0 });
      },
    });
    await lookFor(10 * minute);
    expect(told[0]).toMatchObject({ type: "reconcileFailed" });
    expect(await stateOf()).toMatchObject({ state: "rejected" });
  });
});
