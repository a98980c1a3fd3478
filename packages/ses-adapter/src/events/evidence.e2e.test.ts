import { createConsumer, definePipeline, memoryStore } from "@exactly-once/core";
import { createVirtualClock, memoryQueue } from "@exactly-once/core/testing";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { createSesEventReconciler } from "./event-reconciler.js";
import { mailerFixture } from "../mailer/mailer.fixture.js";
import type { ReconcileObservation } from "./reconcile-observation.js";
import type { EventFaultPlan, FaultPlan } from "../testing/index.js";
import { memoryReconcileProgress } from "./reconcile-progress.js";
import { createReconciler } from "./reconciler.js";
import { sesFixture } from "../testing/local-ses.fixture.js";

const { startSes } = sesFixture(onTestFinished);
const { clientOf, mailerOf } = mailerFixture(onTestFinished);

const namespace = "tis-notifications";
const topicArn = "arn:aws:sns:eu-west-2:123456789012:mail-events";

interface ServiceOptions {
  readonly letters: number;
  /** Default: SES never lets the service know what became of an email that it accepted. */
  readonly faults?: FaultPlan;
  readonly eventFaults?: EventFaultPlan;
  readonly onUnknown?: "hold" | "reconcile";
}

/** A whole service before a local SES. Sockets are real; time passes only while none is in use. */
const startService = async ({ letters, onUnknown = "hold", ...options }: ServiceOptions) => {
  const clock = createVirtualClock(Date.now());
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
    // The client signs by the machine's clock, which falls behind.
    ...{ now: () => clock.now(), signatureValidityMs: 24 * 60 * 60_000 },
    ...options,
  });
  const mailer = mailerOf(clientOf(ses.endpoint), {
    configurationSetName: "letters",
    ...{ attemptTimeoutMs: 120_000, signatureValidityMs: 60_000 },
  });
  let sending = 0;
  const send = mailer.send.bind(mailer);
  mailer.send = async (prepared, attempt) => {
    sending += 1;
    try {
      return await send(prepared, attempt);
    } finally {
      sending -= 1;
    }
  };
  /** Lets time pass until the condition holds. */
  const until = async (condition: () => boolean) => {
    while (!condition()) {
      if (sending > 0) await sleep(1);
      else await clock.advance(500);
    }
  };
  const done = async <Result>(work: Promise<Result>): Promise<Result> => {
    let isOver = false;
    void work.finally(() => (isOver = true));
    await until(() => isOver);
    return work;
  };
  const consumer = createConsumer({
    ...{ namespace, queue, store, clock, concurrency: 50, visibilityMs: 120_000 },
    pipelines: [
      definePipeline({
        name: "letters",
        schema: z.object({ id: z.string(), to: z.string() }),
        key: ({ id }) => [id],
        effects: { email: mailer },
        onUnknown,
        handler: async ({ id, to }, context) => {
          const text = `Dear doctor, this is letter ${id}.`;
          await context.once("email", { to, subject: "Form", text, html: `<p>${text}</p>` });
        },
      }),
    ],
  });
  const told: ReconcileObservation[] = [];
  const progress = memoryReconcileProgress();
  const reconciler = createSesEventReconciler({
    ...{ namespace, queue: events, store, progress, clock },
    observe: (observation) => told.push(observation),
  });
  await done(reconciler.start());
  await done(consumer.start());
  onTestFinished(async () => {
    await done(consumer.stop({ deadlineMs: 1_000 }));
    await done(reconciler.stop({ deadlineMs: 1_000 }));
  });
  let written = 0;
  const write = () => {
    queue.send(JSON.stringify({ id: `l${written}`, to: `doctor${written}@example.org` }));
    written += 1;
    return written;
  };
  while (written < letters) write();
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
  return {
    ...{ clock, store, ses, queue, events, consumer, progress },
    ...{ told, unresolved, attempts, write, until, done },
  };
};

describe("with SES dropping the reply of every email it accepts", () => {
  it("all are settled by their events, without an operator and without a duplicate", async () => {
    const { ses, queue, consumer, told, unresolved, attempts, until } = await startService({
      letters: 150,
    });
    await until(() => queue.messages().length === 0);
    expect(ses.accepted()).toBe(150);
    expect(new Set(attempts()).size).toBe(150);
    expect(await unresolved()).toBe(0);
    expect(consumer.health().held).toBe(0);
    expect(queue.deadLetters()).toEqual([]);
    expect(told.filter(({ type }) => type === "duplicateProven")).toEqual([]);
  });

  it("and events lost as well, those emails are held and listed, and none is sent twice", async () => {
    const { clock, ses, queue, consumer, unresolved, until } = await startService({
      letters: 100,
      // Every event of every fifth email.
      eventFaults: ({ mail }) =>
        /^doctor\d*[05]@/.test(mail.destination[0] ?? "") ? "lost" : undefined,
    });
    await until(() => ses.accepted() === 100 && queue.messages().length === 20);
    await clock.advance(600_000);
    expect(queue.messages()).toHaveLength(20);
    expect(ses.accepted()).toBe(100);
    expect(await unresolved()).toBe(20);
    expect(consumer.health().held).toBe(20);
  });
});

describe("with emails lost on their way to SES, under the policy `reconcile`", () => {
  it("they go out once the quiet time is over, and every email exactly once", async () => {
    const service = await startService({
      letters: 20,
      faults: [{ fault: "reset-before-accept", when: { on: "nth", calls: [1, 2, 3, 4, 5] } }],
      onUnknown: "reconcile",
    });
    const { clock, store, ses, queue, events, progress, write, told, until, done } = service;
    const silence = createReconciler({
      ...{ namespace, store, progress, clock, effects: { letters: ["email"] } },
      ...{ quietMs: 60_000, intervalMs: 10_000, settleMs: 40_000 },
      backlog: () =>
        Promise.resolve({
          pending: events.messages().length,
          deadLettered: events.deadLetters().length,
        }),
      observe: (observation) => told.push(observation),
    });
    silence.start();
    onTestFinished(() => done(silence.stop()));
    await until(() => ses.accepted() === 15);
    const judged = () => told.filter(({ type }) => type === "resolvedNotSent").length;
    let written = 20;
    // Later emails are what gives silence a meaning.
    while (judged() < 5) {
      written = write();
      const soon = clock.monotonic() + 80_000;
      await until(() => clock.monotonic() >= soon);
    }
    await until(() => queue.messages().length === 0);
    expect(ses.accepted()).toBe(written);
    const recipients = ses.sent().flatMap(({ destinations }) => destinations);
    expect(new Set(recipients).size).toBe(written);
  });
});
