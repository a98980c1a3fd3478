import { afterEach, describe, expect, it } from "vitest";
import { definePipeline } from "../pipeline/pipeline.js";
import {
  letterEvent,
  postOffice,
  rig,
  type PostOffice,
  type Rig,
  type RigOptions,
} from "./consumer.fixture.js";

const MINUTE_MS = 60_000;
const rigs: Rig[] = [];

function start(options: RigOptions = {}): Rig {
  const r = rig(options);
  rigs.push(r);
  return r;
}

afterEach(async () => {
  for (const { consumer, clock } of rigs.splice(0)) {
    await clock.run(consumer.stop({ deadlineMs: 10_000 }));
  }
});

describe("a provider that answers 503 for five minutes", () => {
  it("leaves few unknown, and is used within a minute of its return", async () => {
    const r = start({ consumer: { concurrency: 20 } });
    let down = true;
    let firstAt = 0;
    r.office.behaviour = async () => {
      await r.clock.sleep(200);
      if (down) return { status: "unknown", reason: "503" };
      firstAt ||= r.clock.now();
      return undefined;
    };
    for (let i = 0; i < 300; i += 1) r.send(`m${i}`, { groupId: `g${i}` });
    await r.clock.run(r.consumer.start());
    await r.clock.advance(5 * MINUTE_MS);
    const unknown = r.seen("attemptSettled").filter(({ status }) => status === "unknown");
    expect(unknown.length).toBeGreaterThan(4);
    expect(unknown.length).toBeLessThanOrEqual(40);
    expect(r.consumer.health().pipelines["letters"]).toMatchObject({
      ready: false,
      reason: "the provider is in trouble (503)",
    });
    down = false;
    const backAt = r.clock.now();
    await r.clock.advance(2 * MINUTE_MS);
    expect(firstAt - backAt).toBeLessThan(MINUTE_MS);
    expect(r.office.accepted).toHaveLength(300 - unknown.length);
    expect(r.queue.deadLetters()).toEqual([]);
    expect(r.consumer.health().ready).toBe(true);
    const told = r.events.filter(({ type }) => /^sending/.test(type)).map(({ type }) => type);
    expect(told).toEqual(["sendingPaused", "sendingResumed"]);
  });

  it("is asked without a mail first, where its sender can do that", async () => {
    const r = start({ consumer: { concurrency: 20 } });
    let down = false;
    r.office.verify = () => (down ? Promise.reject(new Error("503")) : Promise.resolve());
    r.office.behaviour = () => (down ? { status: "unknown", reason: "503" } : undefined);
    await r.clock.run(r.consumer.start());
    down = true;
    for (let i = 0; i < 40; i += 1) r.send(`m${i}`, { groupId: `g${i}` });
    await r.clock.advance(1_000);
    const { requests } = r.office;
    await r.clock.advance(30 * MINUTE_MS);
    expect(r.office.requests).toBe(requests);
    down = false;
    await r.clock.advance(MINUTE_MS);
    expect(r.office.accepted).toHaveLength(40 - requests);
  });
});

describe("one sick pipeline stops its own only", () => {
  /** Two pipelines on one queue, each with a provider of its own. */
  function two(options: RigOptions = {}) {
    let other!: PostOffice;
    const made = start({
      fifo: false,
      ...options,
      others: (clock) => {
        other = postOffice(clock);
        return [
          definePipeline({
            name: "others",
            schema: letterEvent,
            key: (event) => [event.id],
            effects: { email: other },
            handler: async (event, ctx) => {
              await ctx.once("email", { to: event.to, text: event.text });
            },
          }),
        ];
      },
      consumer: {
        select: (decoded) =>
          (decoded as { text: string }).text.startsWith("other") ? "others" : "letters",
      },
    });
    return { ...made, other };
  }

  it("with more messages that wait than it may hold", async () => {
    const r = two();
    await r.store.control?.pause("test", "letters", { by: "op", why: "wording" });
    for (let i = 0; i < 1_500; i += 1) r.send(`m${i}`);
    for (let i = 0; i < 20; i += 1) r.send(`other${i}`);
    await r.clock.run(r.consumer.start());
    await r.clock.advance(5 * MINUTE_MS);
    expect(r.other.accepted).toHaveLength(20);
    expect(r.consumer.health()).toMatchObject({
      ready: true,
      pipelines: {
        letters: { ready: false, reason: "pipeline letters is paused by op", held: 1_000 },
        others: { ready: true, held: 0 },
      },
    });
    await r.store.control?.resume("test", "letters");
    await r.clock.advance(20 * MINUTE_MS);
    expect(r.office.accepted).toHaveLength(1_500);
    expect(r.queue.deadLetters()).toEqual([]);
  });

  it("with a provider that never answers", async () => {
    const r = two();
    r.office.behaviour = () => ({ status: "unknown", reason: "timeout" });
    for (let i = 0; i < 1_500; i += 1) r.send(`m${i}`);
    for (let i = 0; i < 20; i += 1) r.send(`other${i}`);
    await r.clock.run(r.consumer.start());
    await r.clock.advance(5 * MINUTE_MS);
    expect(r.other.accepted).toHaveLength(20);
    expect(r.office.requests).toBeLessThan(40);
    expect(r.consumer.health()).toMatchObject({
      ready: true,
      pipelines: { letters: { ready: false }, others: { ready: true } },
    });
  });
});
