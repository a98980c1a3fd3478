import {
  createConsumer,
  definePipeline,
  memoryStore,
  systemClock,
  type Clock,
} from "@exactly-once/core";
import { memoryQueue } from "@exactly-once/core/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { createSesEventReconciler } from "./event-reconciler.js";
import { mailerFixture } from "./mailer.fixture.js";
import type { ReconcileObservation } from "./reconcile-observation.js";
import type { EventFaultPlan } from "./testing/index.js";
import { sesFixture } from "./testing/local-ses.fixture.js";

const { startSes } = sesFixture(onTestFinished);
const { clientOf, mailerOf } = mailerFixture(onTestFinished);

const namespace = "tis-notifications";
const topicArn = "arn:aws:sns:eu-west-2:123456789012:mail-events";

/** Time runs faster for everything but SES: where all sends fail, a consumer makes long pauses. */
const fastClock = (factor: number): Clock => {
  const clock = systemClock();
  const [wall, monotonic] = [clock.now(), clock.monotonic()];
  const elapsed = () => (clock.monotonic() - monotonic) * factor;
  return {
    now: () => wall + elapsed(),
    monotonic: elapsed,
    sleep: (ms, signal) => clock.sleep(ms / factor, signal),
  };
};

/** A whole service before an SES that never lets it know what became of an email. */
const startService = async (letters: number, eventFaults?: EventFaultPlan) => {
  const clock = fastClock(40);
  const store = memoryStore({ clock });
  const queue = memoryQueue({ clock, deadLetterQueue: memoryQueue({ clock, name: "dead" }) });
  const events = memoryQueue({
    ...{ clock, name: "events" },
    deadLetterQueue: memoryQueue({ clock, name: "events-dead" }),
  });
  const ses = await startSes({
    configurationSets: { letters: { topicArn } },
    faults: [{ fault: "accept-then-drop", when: { on: "every" } }],
    publish: (_, message) => Promise.resolve(void events.send(message)),
    ...(eventFaults === undefined ? {} : { eventFaults }),
  });
  const mailer = mailerOf(clientOf(ses.endpoint), {
    configurationSetName: "letters",
    attemptTimeoutMs: 120_000,
  });
  const consumer = createConsumer({
    ...{ namespace, queue, store, clock, concurrency: 50, visibilityMs: 120_000 },
    pipelines: [
      definePipeline({
        name: "letters",
        schema: z.object({ id: z.string(), to: z.string() }),
        key: ({ id }) => [id],
        effects: { email: mailer },
        handler: async ({ id, to }, context) => {
          const text = `Dear doctor, this is letter ${id}.`;
          await context.once("email", { to, subject: "Form", text, html: `<p>${text}</p>` });
        },
      }),
    ],
  });
  const told: ReconcileObservation[] = [];
  const reconciler = createSesEventReconciler({
    ...{ namespace, queue: events, store, clock },
    observe: (observation) => told.push(observation),
  });
  await reconciler.start();
  await consumer.start();
  onTestFinished(async () => {
    await consumer.stop({ deadlineMs: 1_000 });
    await reconciler.stop({ deadlineMs: 1_000 });
  });
  for (let n = 0; n < letters; n += 1) {
    queue.send(JSON.stringify({ id: `l${n}`, to: `doctor${n}@example.org` }));
  }
  const unresolved = async () => {
    let count = 0;
    let cursor: string | undefined;
    do {
      const page = await store.unresolved(cursor);
      count += page.items.length;
      cursor = page.next;
    } while (cursor !== undefined);
    return count;
  };
  const attempts = () => ses.sent().map(({ tags }) => tags["exactly-once-attempt"]);
  return { ses, queue, consumer, told, unresolved, attempts };
};

const patient = { timeout: 60_000, interval: 200 };

describe("with SES dropping the reply of every email it accepts", () => {
  it("all are settled by their events, without an operator and without a duplicate", async () => {
    const { ses, queue, consumer, told, unresolved, attempts } = await startService(500);
    await expect.poll(() => queue.messages().length, patient).toBe(0);
    expect(ses.accepted()).toBe(500);
    expect(new Set(attempts()).size).toBe(500);
    expect(await unresolved()).toBe(0);
    expect(consumer.health().held).toBe(0);
    expect(queue.deadLetters()).toEqual([]);
    expect(told.filter(({ type }) => type === "duplicateProven")).toEqual([]);
  }, 90_000);

  it("and events lost as well, those emails are held and listed, and none is sent twice", async () => {
    // Every event of every fifth email.
    const { ses, queue, consumer, unresolved } = await startService(100, ({ mail }) =>
      /^doctor\d*[05]@/.test(mail.destination[0] ?? "") ? "lost" : undefined,
    );
    await expect.poll(() => ses.accepted(), patient).toBe(100);
    await expect.poll(() => queue.messages().length, patient).toBe(20);
    expect(ses.accepted()).toBe(100);
    expect(await unresolved()).toBe(20);
    expect(consumer.health().held).toBe(20);
  }, 90_000);
});
