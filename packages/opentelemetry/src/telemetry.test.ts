import { context, SpanKind, trace } from "@opentelemetry/api";
import { afterEach, describe, expect, it } from "vitest";
import { PERSON, rig, sumOf, type RigOptions } from "./rig.fixture.js";
import { openTelemetry } from "./telemetry.js";

const rigs: ReturnType<typeof rig>[] = [];

afterEach(async () => {
  for (const { clock, consumer } of rigs.splice(0)) await clock.run(consumer.stop());
});

async function start(options: RigOptions = {}) {
  const r = rig(options);
  rigs.push(r);
  await r.clock.run(r.consumer.start());
  return r;
}

const PRODUCER = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
const TRACEPARENT = `00-${PRODUCER.traceId}-${PRODUCER.spanId}-01`;

describe("spans", () => {
  it("join a message's producer, its handling, its attempt, and what the sender calls", async () => {
    const r = await start({
      send: (_, attempt) => {
        // As an instrumented SDK does.
        r.tracerProvider.getTracer("sdk").startSpan("POST").end();
        const receipt = { id: attempt.id, at: 1, via: "provider" } as const;
        return Promise.resolve({ status: "accepted", receipt });
      },
    });
    const messageId = r.send("a", { traceparent: TRACEPARENT });
    await r.clock.advance(10_000);
    const [request, attempt, message] = r.spans();
    expect([request?.name, attempt?.name, message?.name]).toEqual([
      ...["POST", "send email", "process letters.fifo"],
    ]);
    expect(request?.parentSpanContext?.spanId).toBe(attempt?.spanContext().spanId);
    expect(attempt?.parentSpanContext?.spanId).toBe(message?.spanContext().spanId);
    expect(message?.parentSpanContext).toBeUndefined();
    expect(message?.links[0]?.context).toMatchObject(PRODUCER);
    expect([message?.kind, attempt?.kind]).toEqual([SpanKind.CONSUMER, SpanKind.CLIENT]);
    expect(message?.attributes).toMatchObject({
      "messaging.system.name": "aws.sqs",
      "messaging.operation.type": "process",
      "messaging.destination.name": "letters.fifo",
      "messaging.message.id": messageId,
      "exactly_once.pipeline": "letters",
      "exactly_once.disposition": "acknowledge",
    });
    expect(attempt?.attributes).toMatchObject({
      "exactly_once.attempt.id": attempt?.attributes["exactly_once.attempt.id"],
      "exactly_once.outcome": "accepted",
    });
  });

  it("need no producer's context, and survive one that is none", async () => {
    const r = await start();
    r.send("a");
    r.send("b", { traceparent: "00-not-a-trace-00" });
    await r.clock.advance(10_000);
    const processed = r.spans().filter(({ name }) => name.startsWith("process"));
    expect(processed.map(({ links }) => links)).toEqual([[], []]);
  });

  it("are active while the handler runs, and its own to each of many messages", async () => {
    const seen = new Map<string, string | undefined>();
    const r = await start({
      pipeline: {
        handler: async ({ id, to }, ctx) => {
          await ctx.once("email", { to, text: id });
          seen.set(ctx.message.id, trace.getSpan(context.active())?.spanContext().spanId);
        },
      },
    });
    for (let i = 0; i < 20; i += 1) r.send(`m${i}`);
    await r.clock.advance(30_000);
    const byMessage = r
      .spans()
      .filter(({ name }) => name.startsWith("process"))
      .map((span) => [span.attributes["messaging.message.id"], span.spanContext().spanId]);
    expect(seen.size).toBe(20);
    expect(new Map(byMessage as [string, string][])).toEqual(seen);
  });

  it("tell an attempt that is unknown or threw, by a word and not by its text", async () => {
    const outcomes = [
      () => Promise.resolve({ status: "unknown", reason: "replyLost" } as const),
      () => Promise.reject(new TypeError(`no such mailbox: ${PERSON.address}`)),
    ];
    const r = await start({ send: () => outcomes.shift()?.() ?? never() });
    r.send("a");
    r.send("b");
    await r.clock.advance(10_000);
    const attempts = r.spans().filter(({ name }) => name === "send email");
    expect(attempts.map(({ attributes }) => attributes["error.type"]).sort()).toEqual([
      "TypeError",
      "replyLost",
    ]);
    expect(JSON.stringify(attempts.map(({ attributes, events }) => ({ attributes, events }))))
      .not //
      .toContain("mailbox");
  });
});

describe("metrics", () => {
  it("count what becomes of messages and sends, with units", async () => {
    let sends = 0;
    const r = await start({
      send: (_, { id }) => {
        sends += 1;
        if (sends === 2) return Promise.resolve({ status: "rejected", reason: "throttled" });
        const receipt = { id, at: 1, via: "provider" } as const;
        return Promise.resolve({ status: "accepted", receipt });
      },
    });
    r.send("a");
    await r.clock.advance(5_000);
    r.send("b");
    await r.clock.advance(60_000);
    r.send("a");
    r.queue.send("no json", { groupId: "x", dedupId: "x" });
    await r.clock.advance(10_000);
    const metrics = await r.metrics();
    const sum = (name: string, attributes: Readonly<Record<string, string>> = {}) =>
      sumOf(metrics, name, attributes);
    expect(sum("exactly_once.messages", { "exactly_once.disposition": "done" })).toBe(2);
    expect(sum("exactly_once.messages", { "exactly_once.disposition": "duplicate" })).toBe(1);
    expect(sum("exactly_once.dead_letters", { "exactly_once.code": "undecodable" })).toBe(1);
    expect(sum("exactly_once.sends", { "exactly_once.outcome": "accepted" })).toBe(2);
    expect(sum("exactly_once.sends", { "exactly_once.outcome": "rejected" })).toBe(1);
    expect(sum("messaging.process.duration")).toBe(2);
    expect(sum("exactly_once.message.duration")).toBe(2);
    expect(sum("exactly_once.ready", {})).toBe(2);
    expect(metrics.every(({ descriptor }) => descriptor.unit !== "")).toBe(true);
    expect(metrics.every(({ descriptor }) => descriptor.description !== "")).toBe(true);
  });

  it("tell what waits, for what, and for how long", async () => {
    const r = await start({ send: () => Promise.resolve({ status: "unknown", reason: "lost" }) });
    r.send("a");
    await r.clock.advance(10_000);
    const metrics = await r.metrics();
    expect(sumOf(metrics, "exactly_once.held", { "exactly_once.reason": "unknown" })).toBe(1);
    expect(metrics.map(({ descriptor }) => descriptor.name)).toContain("exactly_once.held.oldest");
    expect(sumOf(metrics, "exactly_once.in_flight")).toBe(1);
    expect(sumOf(metrics, "exactly_once.sends", { "exactly_once.outcome": "unknown" })).toBe(1);
  });

  it("tell how close a lease came to its end", async () => {
    const r = await start({
      pipeline: {
        handler: async ({ id, to }, ctx) => {
          await r.clock.sleep(90_000);
          await ctx.once("email", { to, text: id });
        },
      },
    });
    r.send("a");
    await r.clock.advance(120_000);
    const found = (await r.metrics()).find(
      ({ descriptor }) => descriptor.name === "exactly_once.lease.margin",
    );
    const [point] = found?.dataPoints ?? [];
    const { min } = point?.value as { readonly min: number };
    expect(min).toBeGreaterThan(10);
    expect(min).toBeLessThan(60);
  });

  it("count what the tripwire stops, and proven duplicates", async () => {
    const r = await start({
      pipeline: { tripwire: { perRecipient: { limit: 1, withinMs: 3_600_000 } } },
    });
    r.send("a");
    await r.clock.advance(5_000);
    r.send("b");
    await r.clock.advance(5_000);
    r.telemetry.observe({
      ...{
        type: "duplicateProven",
        at: 1,
        source: "p",
        seq: 1,
        attemptId: "x",
        pipeline: "letters",
      },
      receipt: { id: "1", at: 1, via: "event" },
      duplicateOf: { id: "2", at: 1, via: "provider" },
    });
    const metrics = await r.metrics();
    expect(sumOf(metrics, "exactly_once.tripwire", { "exactly_once.action": "block" })).toBe(1);
    expect(sumOf(metrics, "exactly_once.duplicates")).toBe(1);
  });

  it("keep a user cache's age and size", async () => {
    const r = await start();
    const stats = { state: "fresh", users: 7, entries: 7, bytes: 1, asOf: Date.now() - 60_000 };
    r.telemetry.watchUserCache({ stats: () => stats as never });
    const metrics = await r.metrics();
    expect(sumOf(metrics, "exactly_once.user_cache.users")).toBe(7);
    expect(sumOf(metrics, "exactly_once.user_cache.age")).toBeGreaterThanOrEqual(60);
  });

  it("have few series, however many recipients, parts and odd codes there are", async () => {
    const r = await start();
    for (let i = 0; i < 500; i += 1) {
      const facts = {
        at: 1,
        source: "p",
        seq: 1,
        messageId: `m${i}`,
        pipeline: `p${i}`,
        receiveCount: 1,
      };
      r.telemetry.observe({ type: "deadLettered", code: `code${i}`, text: "t", ...facts });
      r.telemetry.observe({
        ...{ type: "attemptSettled", attemptId: "x", effect: `email-${i}`, status: "accepted" },
        ...{ ...facts, pipeline: "letters" },
      });
    }
    const metrics = await r.metrics();
    const series = (name: string) =>
      metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints.length ?? 0;
    expect(series("exactly_once.dead_letters")).toBeLessThanOrEqual(101);
    expect(series("exactly_once.sends")).toBe(1);
  });
});

describe("personal data", () => {
  it("stands in nothing that is exported, whatever fails", async () => {
    let sends = 0;
    const failing = new Error(`${PERSON.name} <${PERSON.address}> has no mailbox`);
    const r = await start({
      send: () => {
        sends += 1;
        const text = `${PERSON.address} is no address`;
        if (sends === 1) return Promise.resolve({ status: "rejected", reason: text });
        if (sends === 2) return Promise.reject(failing);
        return Promise.resolve({ status: "unknown", reason: text });
      },
      pipeline: {
        tripwire: { perRecipient: { limit: 1, withinMs: 3_600_000, onExceeded: "warn" } },
        handler: async ({ id, name, to }, ctx) => {
          if (id === "e") throw failing;
          if (id === "f") ctx.deadLetter(`for ${name}`);
          if (id === "g") ctx.skip(`for ${name}`);
          else await ctx.once("email", { to, text: `Dear ${name}` }, { part: PERSON.name });
        },
      },
    });
    for (const id of ["a", "b", "c", "d", "e", "f", "g"]) r.send(id);
    r.queue.send(`${PERSON.name} ${PERSON.address}`, { groupId: PERSON.name, dedupId: "x" });
    await r.clock.advance(600_000);
    const spans = r.spans().map((span) => ({
      ...{ name: span.name, attributes: span.attributes, events: span.events },
      ...{ status: span.status, links: span.links },
    }));
    const exported = JSON.stringify([spans, await r.metrics()]);
    expect(spans.length).toBeGreaterThan(5);
    for (const planted of [...PERSON.name.split(" "), ...PERSON.address.split("@")]) {
      expect(exported.toLowerCase()).not.toContain(planted.toLowerCase());
    }
  });
});

describe("openTelemetry", () => {
  it("costs nothing but calls where the process has registered nothing", async () => {
    const { instrument, observe } = openTelemetry({ queue: "letters" });
    let turns = 0;
    await instrument.turn?.(
      { id: "m", handle: "h", body: "", attributes: {}, sentAt: 0, receiveCount: 1 },
      async () => {
        turns += 1;
        return { kind: "acknowledge" };
      },
    );
    observe({ type: "received", at: 1, source: "p", seq: 1, count: 1 });
    expect(turns).toBe(1);
  });

  it("wants the queue's name, not its URL", () => {
    expect(() => openTelemetry({ queue: "https://sqs/1/q" })).toThrow("the queue's name, not its");
  });
});

function never(): Promise<never> {
  return new Promise(() => undefined);
}
