import { describe, expect, it } from "vitest";
import { createBatchProcessor } from "./batch-processor.js";
import { json, type Decoder } from "../pipeline/decode.js";
import { rig } from "../consumer/consumer.fixture.js";
import { withUnreadable } from "../consumer/unreadable-store.fixture.js";
import { ConfigurationError, StoreUnavailableError } from "../errors.js";
import type { DedupeStore, QueueMessage } from "../ports/index.js";

/** A host that receives by itself, as Lambda does, and deletes what the processor settled. */
function host(options: Parameters<typeof rig>[0] = {}, decode: Decoder = json()) {
  const r = rig(options);
  const processor = (store: DedupeStore = r.store) =>
    createBatchProcessor({
      namespace: "test",
      queue: r.queue,
      store,
      pipelines: [r.pipeline],
      maxTries: 3,
      decode,
      clock: r.clock,
      observe: (event) => r.events.push(event),
    });
  const invoke = async (store?: DedupeStore, remainingMs = 20_000) => {
    const messages = await r.queue.receive({ max: 10, visibilityMs: 120_000, waitMs: 0 });
    const settled = await r.clock.run(processor(store).process(messages, remainingMs));
    await r.queue.acknowledge(messages.filter(({ id }) => settled.has(id)));
    return { messages, settled };
  };
  return { ...r, invoke, processor };
}

describe("the senders' own checks in a batch processor", () => {
  it("fail the invocation by name, before anything is begun, and again until that is mended", async () => {
    const h = host();
    let problem: Error | undefined = new ConfigurationError("the client repeats requests");
    let checks = 0;
    h.office.verify = () => {
      checks += 1;
      return problem ? Promise.reject(problem) : Promise.resolve();
    };
    const processor = h.processor();
    const process = (messages: readonly QueueMessage[]) =>
      h.clock.run(processor.process(messages, 20_000));
    h.send("1");
    const messages = await h.queue.receive({ max: 10, visibilityMs: 120_000, waitMs: 0 });
    for (let twice = 0; twice < 2; twice += 1) {
      await expect(process(messages)).rejects.toThrow("the client repeats requests");
    }
    expect(h.office.requests).toBe(0);
    expect(h.clock.sleeping).toBe(0);
    problem = undefined;
    expect((await process(messages)).size).toBe(1);
    await process([]);
    expect(checks).toBe(3);
  });

  it("are told where the provider is away, and the batch is handled all the same", async () => {
    const h = host();
    h.office.verify = () => Promise.reject(new Error("too many requests"));
    h.send("1");
    expect((await h.invoke()).settled.size).toBe(1);
    expect(h.seen("senderUnavailable")).toHaveLength(1);
  });

  it("take a part of the invocation at most, and leave no timer", async () => {
    const h = host();
    h.office.verify = () => new Promise(() => undefined);
    h.send("1");
    const startedAt = h.clock.monotonic();
    expect((await h.invoke()).settled.size).toBe(1);
    expect(h.clock.monotonic() - startedAt).toBeLessThan(5_000);
    expect(h.seen("senderUnavailable")).toHaveLength(1);
    expect(h.clock.sleeping).toBe(0);
  });
});

describe("a batch processor", () => {
  it("handles a batch, and sends nothing again for a redelivery", async () => {
    const h = host();
    for (const id of ["1", "2", "3"]) h.send(id, { groupId: id });
    const { settled } = await h.invoke();
    expect(settled.size).toBe(3);
    h.send("1", { groupId: "again" });
    expect((await h.invoke()).settled.size).toBe(1);
    expect(h.office.requests).toBe(3);
    expect(h.queue.messages()).toEqual([]);
  });

  it("ends a group at its first failure, and keeps the order over invocations", async () => {
    const h = host();
    h.office.behaviour = (n) => (n === 2 ? { status: "rejected", reason: "refused" } : undefined);
    for (const id of ["1", "2", "3"]) h.send(id);
    expect((await h.invoke()).settled.size).toBe(1);
    await h.clock.advance(10_000);
    expect((await h.invoke()).settled.size).toBe(2);
    expect(h.office.accepted.map(({ letter }) => letter.text)).toEqual(["1", "2", "3"]);
  });

  it("deletes a sibling that it dead-letters at its last receive, and no other", async () => {
    const h = host({ maxReceiveCount: 3 });
    for (const id of ["poison", "2"]) h.send(id);
    const processor = h.processor(withUnreadable(h.store, "poison").store);
    await h.clock.run(processor.verifyQueue());
    const invoke = async () => {
      const messages = await h.queue.receive({ max: 10, visibilityMs: 120_000, waitMs: 0 });
      return h.clock.run(processor.process(messages, 20_000));
    };
    for (let receives = 1; receives < 3; receives += 1) {
      expect((await invoke()).size).toBe(0);
      await h.clock.advance(10 * 60_000);
    }
    const settled = await invoke();
    // What is named as failed the queue would move as well: two letters for one message.
    const told = h.seen("deadLettered");
    expect(told.map(({ code }) => code)).toEqual(["receivesSpent"]);
    expect([...settled]).toEqual(told.map(({ messageId }) => messageId));
  });

  it("hands back only the message whose record can't be read", async () => {
    const h = host({ fifo: false });
    for (const id of ["1", "poison", "2"]) h.send(id);
    const { settled } = await h.invoke(withUnreadable(h.store, "poison").store);
    expect(settled.size).toBe(2);
    expect(h.seen("retry")).toMatchObject([{ reason: "unreadable" }]);
    expect(h.seen("storeDown")).toEqual([]);
  });

  it("hides an unknown outcome for a while instead of sending again", async () => {
    const h = host();
    h.office.behaviour = () => "acceptSilently";
    h.send("1");
    expect((await h.invoke()).settled.size).toBe(0);
    await h.clock.advance(20 * 60_000);
    expect((await h.invoke()).settled.size).toBe(0);
    expect(h.office.requests).toBe(1);
    expect(h.seen("held").map(({ reason }) => reason)).toEqual(["unknown", "unknown"]);
  });

  it("aborts a handler before the invocation ends, and leaves nothing in the background", async () => {
    const h = host({
      pipeline: {
        handler: async (event, ctx) => {
          await h.clock.sleep(60_000, ctx.signal);
          ctx.signal.throwIfAborted();
          await ctx.once("email", { to: event.to, text: event.text });
        },
      },
    });
    h.send("slow");
    expect((await h.invoke()).settled.size).toBe(0);
    expect(h.clock.sleeping).toBe(0);
    expect(h.office.requests).toBe(0);
  });

  it("answers in time although a decoder doesn't, and keeps what was handled before it", async () => {
    const h = host({}, async (body) => {
      await h.clock.sleep(body.includes("slow") ? 60_000 : 10);
      return JSON.parse(body) as unknown;
    });
    h.send("quick");
    h.send("slow");
    const startedAt = h.clock.monotonic();
    expect((await h.invoke()).settled.size).toBe(1);
    expect(h.clock.monotonic() - startedAt).toBeLessThan(20_000);
    expect(h.seen("retry").map(({ reason }) => reason)).toEqual(["draining"]);
  });

  it("heeds a pause that comes while the invocation works on its batch", async () => {
    const h = host({
      pipeline: {
        handler: async (event, ctx) => {
          await h.clock.sleep(3_000);
          await ctx.once("email", { to: event.to, text: event.text });
        },
      },
    });
    for (const id of ["1", "2", "3"]) h.send(id);
    void h.clock
      .sleep(3_500)
      .then(() => h.store.control?.pause("test", undefined, { by: "op", why: "wording" }));
    expect((await h.invoke()).settled.size).toBe(1);
    expect(h.office.requests).toBe(1);
    expect(h.seen("held").map(({ reason }) => reason)).toEqual(["paused"]);
  });

  const oneAnHour = { perPipeline: { limit: 1, withinMs: 3_600_000 } };

  it("leaves an operator's pause that stands where a budget is exceeded", async () => {
    const alice = { by: "alice", why: "wrong template" };
    const h = host({
      pipeline: {
        tripwire: oneAnHour,
        handler: async (event, ctx) => {
          await h.clock.sleep(event.id === "1" ? 100 : 300);
          await ctx.once("email", { to: event.to, text: event.text });
        },
      },
    });
    for (const id of ["1", "2"]) h.send(id, { groupId: id });
    void h.clock.sleep(200).then(() => h.store.control.pause("test", "letters", alice));
    expect((await h.invoke()).settled.size).toBe(1);
    expect(h.seen("tripwire").map(({ action }) => action)).toEqual(["pause"]);
    expect((await h.store.control.status("test")).pipelines["letters"]).toMatchObject(alice);
  });

  it("takes no reading for the newest that was asked before the budget's pause", async () => {
    const afterMs: Record<string, number> = { "1": 100, "2": 2_000, "3": 4_700 };
    const h = host({
      pipeline: {
        tripwire: oneAnHour,
        handler: async (event, ctx) => {
          await h.clock.sleep(afterMs[event.id] ?? 0);
          await ctx.once("email", { to: event.to, text: event.text });
        },
      },
    });
    const { control } = h.store;
    let readings = 0;
    const status = async (namespace: string) => {
      const state = await control.status(namespace);
      // The second is the one that is asked by the clock.
      if ((readings += 1) === 2) await h.clock.sleep(3_500);
      return state;
    };
    for (const id of ["1", "2", "3"]) h.send(id, { groupId: id });
    const { settled } = await h.invoke({ ...h.store, control: { ...control, status } });
    expect(settled.size).toBe(1);
    expect(h.office.requests).toBe(1);
    expect(h.seen("tripwire").map(({ action }) => action)).toEqual(["pause"]);
  });

  it("hides everything for minutes while the store is down", async () => {
    const h = host();
    const down = (): Promise<never> => Promise.reject(new StoreUnavailableError("down"));
    const { control: _, ...rest } = h.store;
    h.send("1", { groupId: "a" });
    h.send("2", { groupId: "b" });
    expect((await h.invoke({ ...rest, claim: down })).settled.size).toBe(0);
    await h.clock.advance(50_000);
    expect((await h.invoke()).messages).toEqual([]);
    await h.clock.advance(120_000);
    expect((await h.invoke()).settled.size).toBe(2);
  });

  it("buries through a short outage of the store, as a consumer does", async () => {
    const h = host({ pipeline: { handler: async (_, ctx) => ctx.deadLetter("no such person") } });
    let burials = 0;
    const flaky: DedupeStore = {
      ...h.store,
      bury: (item) =>
        (burials += 1) < 3 ? Promise.reject(new StoreUnavailableError("down")) : h.store.bury(item),
    };
    h.send("1");
    expect((await h.invoke(flaky)).settled.size).toBe(1);
    expect(h.queue.deadLetters()).toHaveLength(1);
    expect(h.seen("retry")).toEqual([]);
  });

  it("dead-letters what can't be handled, and what failed too often", async () => {
    const h = host();
    h.office.behaviour = () => ({ status: "rejected", reason: "refused" });
    h.queue.send("not json", { groupId: "x", dedupId: "x" });
    h.send("1");
    for (let tries = 0; tries < 4; tries += 1) {
      await h.invoke();
      await h.clock.advance(600_000);
    }
    expect(h.queue.deadLetters()).toHaveLength(2);
    expect(h.seen("deadLettered").map(({ code }) => code)).toEqual([
      "undecodable",
      "retriesExhausted",
    ]);
  });
});
