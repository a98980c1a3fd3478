import { describe, expect, it } from "vitest";
import { rig, type Rig } from "../consumer/consumer.fixture.js";
import type { ConsumerOptions } from "../consumer/options.js";
import type { TripwirePolicy } from "../pipeline/pipeline.js";
import type { DedupeStore } from "../ports/index.js";
import { keyedDigest, reservationFor } from "./tripwire.js";

const HOUR = 3_600_000;

describe("budgets", () => {
  it("warn and send, where a recipient gets more than the pipeline expects", async () => {
    const r = rig({
      pipeline: { tripwire: { perRecipient: { limit: 2, withinMs: HOUR, onExceeded: "warn" } } },
    });
    for (let i = 0; i < 4; i += 1) r.send(`letter ${i}`, { groupId: `g${i}` });
    r.send("to somebody else", { groupId: "other", to: "b@example.org" });
    await r.clock.run(r.consumer.start());
    await r.clock.advance(10_000);
    expect(r.office.accepted).toHaveLength(5);
    expect(r.seen("tripwire").map(({ kind, action }) => [kind, action])).toEqual([
      ["recipientRate", "warn"],
      ["recipientRate", "warn"],
    ]);
    await r.clock.run(r.consumer.stop());
  });

  it("block what is one recipient's, until an operator allows it or drops it", async () => {
    const r = rig({ pipeline: { tripwire: { perRecipient: { limit: 1, withinMs: HOUR } } } });
    for (let i = 0; i < 3; i += 1) r.send(`letter ${i}`, { groupId: `g${i}` });
    await r.clock.run(r.consumer.start());
    await r.clock.advance(10_000);
    expect(r.office.accepted).toHaveLength(1);
    const { items } = await r.store.unresolved();
    expect(items.map(({ attempt }) => attempt.state)).toEqual(["blocked", "blocked"]);
    const who = { by: "operator", why: "expected" };
    await r.store.resolve(items[0]?.attempt.attemptId ?? "", "allow", who);
    await r.store.resolve(items[1]?.attempt.attemptId ?? "", "drop", who);
    await r.clock.advance(120_000);
    expect(r.office.accepted).toHaveLength(2);
    expect(r.queue.messages()).toEqual([]);
    await r.clock.run(r.consumer.stop());
  });

  it("forget what is longer ago than their window", async () => {
    const r = rig({ pipeline: { tripwire: { perRecipient: { limit: 1, withinMs: HOUR } } } });
    await r.clock.run(r.consumer.start());
    r.send("first");
    await r.clock.advance(61 * 60_000);
    r.send("second");
    await r.clock.advance(60_000);
    expect(r.office.accepted).toHaveLength(2);
    expect(r.seen("tripwire")).toEqual([]);
    await r.clock.run(r.consumer.stop());
  });
});

describe("a template's budget", () => {
  const MINUTE = 60_000;
  const flood = (
    over: Partial<TripwirePolicy> = {},
    consumer: Partial<ConsumerOptions> = {},
    wrapStore = (store: DedupeStore) => store,
  ) => {
    const r = rig({
      wrapStore,
      fifo: false,
      pipeline: { tripwire: { perTemplate: { limit: 100, withinMs: MINUTE }, ...over } },
      consumer: { concurrency: 20, maxHeld: 5_000, ...consumer },
    });
    r.office.summarize = ({ to, text }) => ({
      ...{ recipients: [to], contentDigest: text, template: "form-submitted" },
    });
    return r;
  };
  const send = (r: Rig, count: number, name = "m") => {
    for (let i = 0; i < count; i += 1) r.send(`${name}${i}`, { to: `${name}${i}@example.org` });
  };

  it("pauses the pipeline, and nothing becomes a dead letter while it is paused", async () => {
    const r = flood();
    await r.clock.run(r.consumer.start());
    send(r, 2_000);
    await r.clock.advance(5 * HOUR);
    expect(r.office.accepted.length).toBeGreaterThanOrEqual(100);
    // What was past its last check when the flag was set.
    expect(r.office.accepted.length).toBeLessThanOrEqual(120);
    const { pipelines } = await r.store.control.status("test");
    expect(pipelines["letters"]).toMatchObject({ by: "tripwire" });
    expect(pipelines["letters"]?.why).toMatch(/^templateRate: 1\d\d of at most 100 in 60000 ms$/);
    expect(r.seen("deadLettered")).toEqual([]);
    expect(r.queue.messages()).toHaveLength(2_000 - r.office.accepted.length);
    expect((await r.store.unresolved()).items).toEqual([]);
    await r.clock.run(r.consumer.stop());
  });

  it("lets the blast pass once somebody resumes it, and stops the next one", async () => {
    const r = flood();
    await r.clock.run(r.consumer.start());
    send(r, 500);
    await r.clock.advance(10_000);
    expect(r.office.accepted.length).toBeLessThanOrEqual(120);
    await r.store.control.resume("test", "letters");
    await r.clock.advance(20 * MINUTE);
    expect(r.office.accepted).toHaveLength(500);
    expect(r.seen("tripwire").some(({ action }) => action === "warn")).toBe(true);
    send(r, 500, "n");
    await r.clock.advance(10 * MINUTE);
    expect(r.office.accepted.length).toBeLessThanOrEqual(620);
    expect((await r.store.control.status("test")).pipelines["letters"]?.by).toBe("tripwire");
    await r.clock.run(r.consumer.stop());
  });

  it("is all replicas', and its pause stops each of them", async () => {
    const r = flood();
    const second = r.replica();
    await r.clock.run(r.consumer.start());
    await r.clock.run(second.start());
    send(r, 1_000);
    await r.clock.advance(10 * MINUTE);
    expect(r.office.accepted.length).toBeLessThanOrEqual(140);
    await r.clock.run(Promise.all([r.consumer.stop(), second.stop()]));
  });

  it("leaves an operator's pause that stands as it is", async () => {
    const r = flood();
    await r.clock.run(r.consumer.start());
    await r.clock.advance(1_100);
    const alice = { by: "alice", why: "wrong template" };
    await r.store.control.pause("test", "letters", alice);
    send(r, 200);
    await r.clock.advance(10_000);
    expect(r.seen("tripwire").some(({ action }) => action === "pause")).toBe(true);
    expect((await r.store.control.status("test")).pipelines["letters"]).toMatchObject(alice);
    expect(r.office.accepted.length).toBeLessThanOrEqual(120);
    await r.clock.run(r.consumer.stop());
  });

  it("isn't lifted by a reading asked before the pause and answered after it", async () => {
    let late = false;
    const r = flood({}, {}, (store) => {
      const { control } = store;
      if (!control) return store;
      const status = async (namespace: string) => {
        const state = await control.status(namespace);
        if (late) {
          late = false;
          await r.clock.sleep(3_500);
        }
        return state;
      };
      return { ...store, control: { ...control, status } };
    });
    await r.clock.run(r.consumer.start());
    await r.clock.advance(500);
    late = true;
    await r.clock.advance(1_000);
    expect(late).toBe(false);
    send(r, 500);
    await r.clock.advance(60_000);
    expect(r.office.accepted.length).toBeLessThanOrEqual(120);
    expect(r.seen("tripwire").filter(({ action }) => action === "warn")).toEqual([]);
    await r.clock.run(r.consumer.stop());
  });

  it("warns or blocks by choice", async () => {
    const warning = flood({ perTemplate: { limit: 100, withinMs: MINUTE, onExceeded: "warn" } });
    await warning.clock.run(warning.consumer.start());
    send(warning, 110);
    await warning.clock.advance(10_000);
    expect(warning.office.accepted).toHaveLength(110);
    expect(warning.seen("tripwire").map(({ action }) => action)).toEqual(Array(10).fill("warn"));
    await warning.clock.run(warning.consumer.stop());

    const blocking = flood({ perTemplate: { limit: 100, withinMs: MINUTE, onExceeded: "block" } });
    await blocking.clock.run(blocking.consumer.start());
    send(blocking, 110);
    await blocking.clock.advance(10_000);
    expect(blocking.office.accepted).toHaveLength(100);
    expect((await blocking.store.unresolved()).items).toHaveLength(10);
    await blocking.clock.run(blocking.consumer.stop());
  });

  it("blocks what can't be paused, where the store keeps no flags", async () => {
    const r = rig({
      pipeline: { tripwire: { perPipeline: { limit: 1, withinMs: HOUR } } },
      wrapStore: ({ control: _none, ...store }) => store,
    });
    await r.clock.run(r.consumer.start());
    r.send("a", { groupId: "a" });
    r.send("b", { groupId: "b" });
    await r.clock.advance(10_000);
    expect(r.seen("tripwire").map(({ kind, action }) => [kind, action])).toEqual([
      ["pipelineRate", "block"],
    ]);
    expect((await r.store.unresolved()).items).toHaveLength(1);
    await r.clock.run(r.consumer.stop());
  });
});

describe("the same content under another key", () => {
  it("is blocked within an hour, and no copy after it", async () => {
    const r = rig();
    await r.clock.run(r.consumer.start());
    r.send("code 1", { id: "first" });
    await r.clock.advance(50 * 60_000);
    r.send("code 1", { id: "within" });
    await r.clock.advance(5_000);
    expect(r.office.accepted).toHaveLength(1);
    expect(r.seen("tripwire").map(({ kind, action }) => [kind, action])).toEqual([
      ["sameContent", "block"],
    ]);
    await r.clock.advance(15 * 60_000);
    r.send("code 1", { id: "after", groupId: "other" });
    await r.clock.advance(5_000);
    expect(r.office.accepted).toHaveLength(2);
    await r.clock.run(r.consumer.stop());
  });

  it("goes out where the pipeline only warns, and says so", async () => {
    const r = rig({ pipeline: { tripwire: { onSameContent: "warn" } } });
    await r.clock.run(r.consumer.start());
    r.send("code 1", { id: "first" });
    r.send("code 1", { id: "second" });
    await r.clock.advance(10_000);
    expect(r.office.accepted).toHaveLength(2);
    expect(r.seen("tripwire").map(({ kind, action }) => [kind, action])).toEqual([
      ["sameContent", "warn"],
    ]);
    expect(r.queue.messages()).toEqual([]);
    await r.clock.run(r.consumer.stop());
  });
});

describe("a reservation", () => {
  it("bears no address, and takes one person's spellings for one", () => {
    const digest = keyedDigest("secret");
    const ref = { key: "k", effect: "email", owner: "o", fence: 1, attemptNumber: 1 };
    const of = (recipient: string) =>
      reservationFor(digest, { recipients: [recipient], contentDigest: "c" }, ref, {}, undefined);
    expect(of("Ann@Example.org ").digest).toBe(of("ann@example.org").digest);
    expect(of("bob@example.org").digest).not.toBe(of("ann@example.org").digest);
    expect(JSON.stringify(of("ann@example.org"))).not.toContain("example");
    expect(keyedDigest("other")("a")).not.toBe(digest("a"));
  });
});
