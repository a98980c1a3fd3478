import { afterEach, describe, expect, it } from "vitest";
import { letterEvent, rig, type Rig, type RigOptions } from "./consumer.fixture.js";

const rigs: Rig[] = [];

function start(options?: RigOptions): Rig {
  const made = rig(options);
  rigs.push(made);
  return made;
}

afterEach(async () => {
  for (const { consumer, clock } of rigs.splice(0)) {
    await clock.run(consumer.stop({ deadlineMs: 10_000 }));
  }
});

describe("a consumer", () => {
  it("sends each message's email once and empties the queue", async () => {
    const r = start();
    for (let i = 0; i < 25; i += 1) r.send(`letter ${i}`, { groupId: `g${i % 7}` });
    await r.clock.run(r.consumer.start());
    await r.clock.advance(10_000);
    expect(r.office.accepted.map(({ letter }) => letter.text).sort()).toEqual(
      Array.from({ length: 25 }, (_, i) => `letter ${i}`).sort(),
    );
    expect(r.queue.messages()).toEqual([]);
    expect(r.seen("internalError")).toEqual([]);
  });

  it("runs a handler far longer than the visibility once", async () => {
    const r = start({
      pipeline: {
        handler: async (event, ctx) => {
          await r.clock.sleep(300_000);
          await ctx.once("email", { to: event.to, text: event.text });
        },
      },
    });
    r.send("slow");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(400_000);
    expect(r.office.requests).toBe(1);
    expect(r.queue.messages()).toEqual([]);
    expect(r.seen("redeliveredWhileRunning")).toEqual([]);
  });

  it("acknowledges a redelivery of a done key without sending", async () => {
    const r = start();
    r.send("one", { groupId: "a" });
    r.send("one", { groupId: "b" });
    await r.clock.run(r.consumer.start());
    await r.clock.advance(60_000);
    expect(r.office.requests).toBe(1);
    expect(r.queue.messages()).toEqual([]);
    expect(r.seen("duplicateSuppressed")).toHaveLength(1);
  });

  it("keeps the order of a group when one fails", async () => {
    const r = start();
    r.office.behaviour = (n) => (n === 1 ? { status: "rejected", reason: "refused" } : undefined);
    r.send("1");
    r.send("2");
    r.send("3");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(60_000);
    expect(r.office.accepted.map(({ letter }) => letter.text)).toEqual(["1", "2", "3"]);
    expect(r.office.requests).toBe(4);
    expect(r.queue.messages()).toEqual([]);
  });

  it("holds an unknown outcome in place without burning receives, and goes on by evidence", async () => {
    const r = start();
    r.office.behaviour = (n) => (n === 1 ? "acceptSilently" : undefined);
    r.send("1");
    r.send("2");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(20 * 60_000);
    expect(r.office.requests).toBe(1);
    expect(r.queue.messages().map(({ receiveCount }) => receiveCount)).toEqual([1, 1]);
    const [item] = (await r.store.unresolved()).items;
    const reply = await r.store.resolve(item?.attempt.attemptId ?? "", "sent", {
      by: "operator",
      why: "SES console",
    });
    expect(reply).toBe("resolved");
    await r.clock.advance(60_000);
    expect(r.office.accepted.map(({ letter }) => letter.text)).toEqual(["1", "2"]);
    expect(r.queue.messages()).toEqual([]);
  });

  it("tells when an unknown attempt is stale as the store has it, also where the sender doesn't say", async () => {
    const r = start();
    delete (r.office as { validityMs?: number }).validityMs;
    r.office.behaviour = () => "acceptSilently";
    r.send("1");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(1_000);
    const [told] = r.seen("held")[0]?.attempts ?? [];
    const [stored] = (await r.store.unresolved()).items;
    expect(told?.staleAt).toBe(stored?.attempt.staleAt);
    expect((told?.staleAt ?? 0) - (told?.deadline ?? 0)).toBe(15 * 60_000);
  });

  it("dead-letters a message held too long, and lets its group go on", async () => {
    const r = start({ pipeline: { holdForMs: 30 * 60_000 } });
    r.office.behaviour = (n) => (n === 1 ? "acceptSilently" : undefined);
    r.send("1");
    r.send("2");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(45 * 60_000);
    expect(r.queue.deadLetters()).toHaveLength(1);
    expect(r.office.accepted.map(({ letter }) => letter.text)).toEqual(["1", "2"]);
    expect(r.queue.messages()).toEqual([]);
    const [record] = (await r.store.unresolved()).items;
    expect(record?.dead?.reason).toMatch(/heldTooLong/);
  });

  it.each(["not json", '{"id":1}', "", '{"id":"","to":"a","text":"b"}'])(
    "dead-letters %j with a reason and goes on",
    async (body) => {
      const r = start();
      r.queue.send(body, { groupId: "g", dedupId: "bad" });
      r.send("good");
      await r.clock.run(r.consumer.start());
      await r.clock.advance(5_000);
      expect(r.queue.deadLetters()).toHaveLength(1);
      expect(r.office.accepted).toHaveLength(1);
      expect(r.seen("deadLettered")[0]?.text).not.toBe("");
    },
  );

  it("keeps what a validator quotes of the event out of the dead letter's reason", async () => {
    const schema = letterEvent.refine(() => false, {
      error: ({ input }) => `Invalid: received "${(input as { to: string }).to}", expected "fax"`,
    });
    const r = start({ pipeline: { schema } });
    r.send("m", { to: "secret@example.org" });
    await r.clock.run(r.consumer.start());
    await r.clock.advance(1_000);
    const [letter] = r.seen("deadLettered");
    expect(letter?.text).toBe("The event doesn't fit the schema: custom");
    expect(JSON.stringify(r.queue.deadLetters()[0]?.attributes)).not.toContain("secret");
  });

  it("dead-letters other content under a known key as a conflict, not silently", async () => {
    const r = start();
    r.send("first", { id: "k", groupId: "a" });
    r.send("second", { id: "k", groupId: "b" });
    await r.clock.run(r.consumer.start());
    await r.clock.advance(60_000);
    expect(r.office.accepted).toHaveLength(1);
    expect(r.seen("deadLettered").map(({ code }) => code)).toEqual(["conflict"]);
  });

  it("extends a hundred at once in batches: at most 25 calls a visibility period", async () => {
    const r = start({
      consumer: { concurrency: 100, visibilityMs: 30_000 },
      pipeline: {
        handler: async (_event, ctx) => {
          await r.clock.sleep(150_000);
          ctx.skip("only slow");
        },
      },
    });
    for (let i = 0; i < 100; i += 1) r.send(`s${i}`, { groupId: `g${i}` });
    await r.clock.run(r.consumer.start());
    await r.clock.advance(170_000);
    expect(r.queue.messages()).toEqual([]);
    expect(r.seen("redeliveredWhileRunning")).toEqual([]);
    expect(r.queue.calls.extend).toBeLessThanOrEqual(25 * 5);
  });

  it("costs at most 0.25 queue requests for a quick message", async () => {
    const r = start({ consumer: { concurrency: 50 } });
    for (let i = 0; i < 1000; i += 1) r.send(`q${i}`, { groupId: `g${i}` });
    await r.clock.run(r.consumer.start());
    await r.clock.advance(5_000);
    expect(r.office.accepted).toHaveLength(1000);
    const { receive, acknowledge, extend, retryLater } = r.queue.calls;
    expect((receive + acknowledge + extend + retryLater) / 1000).toBeLessThanOrEqual(0.25);
  });

  it("aborts the handler of a lost lease, and starts nothing more for it", async () => {
    let aborted: unknown;
    const r = start({
      pipeline: {
        handler: async (event, ctx) => {
          await r.clock.sleep(90_000, ctx.signal);
          aborted ??= ctx.signal.reason;
          await ctx.once("email", { to: event.to, text: event.text });
        },
      },
    });
    r.queue.inject({ on: "extend", effect: "before", times: Infinity });
    r.send("x");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(70_000);
    expect(aborted).toMatchObject({ code: "LEASE_LOST", reason: "unconfirmed" });
    expect(r.office.requests).toBe(0);
    r.queue.clearFaults();
    await r.clock.advance(300_000);
    expect(r.office.accepted).toHaveLength(1);
    expect(r.queue.messages()).toEqual([]);
  });

  it("refuses a queue without a dead-letter queue", async () => {
    const r = start();
    const bare = { ...r.queue, describe: async () => ({ name: "bare", fifo: true }) };
    const consumer = r.replica({ queue: bare });
    await expect(r.clock.run(consumer.start())).rejects.toMatchObject({ code: "CONFIGURATION" });
    await consumer.finished;
  });
});

describe("an effect that was waived", () => {
  it("holds nothing back although nobody knows what became of it", async () => {
    const r = start({
      pipeline: {
        handler: async (event, ctx) => {
          await ctx.once("email", { to: event.to, text: event.text }).catch(() => {
            ctx.waive("email", "only a courtesy");
          });
        },
      },
    });
    r.office.behaviour = () => "acceptSilently";
    r.send("m");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(5_000);
    expect(r.queue.messages()).toEqual([]);
    expect(r.seen("done")).toHaveLength(1);
    expect(r.office.requests).toBe(1);
  });
});

describe("silent losses are shut", () => {
  const misuse: [string, NonNullable<RigOptions["pipeline"]>["handler"], RegExp][] = [
    [
      "a swallowed rejection",
      async (event, ctx) => {
        await ctx.once("email", { to: event.to, text: event.text }).catch(() => undefined);
      },
      /failed/,
    ],
    [
      "an effect that isn't awaited",
      async (event, ctx) => {
        void ctx.once("email", { to: event.to, text: event.text });
      },
      /without awaiting/,
    ],
    [
      "one effect name for two recipients",
      async (event, ctx) => {
        await ctx.once("email", { to: event.to, text: event.text });
        await ctx
          .once("email", { to: "other@example.org", text: event.text })
          .catch(() => undefined);
      },
      /twice/,
    ],
    ["a return without effects", async () => undefined, /without any effect/],
  ];

  it.each(misuse)("%s is refused and the message stays", async (name, handler, text) => {
    const r = start({ ...(handler ? { pipeline: { handler } } : {}) });
    if (name === "a swallowed rejection") {
      r.office.behaviour = () => ({ status: "rejected", reason: "refused" });
    }
    r.send("m");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(500);
    expect(r.queue.messages()).toHaveLength(1);
    const [retry] = r.seen("retry");
    expect(retry?.reason).toBe("unsettled");
    expect(String(retry?.error)).toMatch(text);
    expect(r.seen("done")).toEqual([]);
  });
});
