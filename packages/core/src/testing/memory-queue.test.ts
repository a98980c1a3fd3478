import { describe, expect, it } from "vitest";

import type { QueueMessage } from "../ports/message-queue.js";
import { memoryQueue, type MemoryQueueOptions } from "./memory-queue.js";
import { createVirtualClock } from "./virtual-clock.js";

const reason = { code: "invalid", text: "no trainee id", attemptIds: ["k-email-o-1-1"] };
const HOUR_MS = 3_600_000;

function world(options: Omit<MemoryQueueOptions, "clock" | "deadLetterQueue"> = {}) {
  const clock = createVirtualClock();
  const fifo = options.fifo ?? false;
  const dead = memoryQueue({ clock, name: fifo ? "dead.fifo" : "dead", fifo });
  const queue = memoryQueue({ clock, deadLetterQueue: dead, ...options });
  const receive = (max = 10, visibilityMs = 30_000) =>
    queue.receive({ max, visibilityMs, waitMs: 0 });
  const one = async (visibilityMs = 30_000): Promise<QueueMessage> => {
    const [message] = await receive(1, visibilityMs);
    if (message === undefined) throw new Error("nothing to receive");
    return message;
  };
  return { clock, queue, dead, receive, one };
}

describe("a memory queue", () => {
  it("hides what it hands out and hands it out again when its visibility ends", async () => {
    const { clock, queue, receive } = world();
    queue.send("a");
    expect((await receive()).map((m) => [m.body, m.receiveCount])).toEqual([["a", 1]]);
    await clock.advance(29_999);
    expect(await receive()).toEqual([]);
    await clock.advance(1);
    expect((await receive()).map((m) => [m.body, m.receiveCount])).toEqual([["a", 2]]);
  });

  it("answers ok to a delete by an old handle, and keeps the message", async () => {
    const { clock, queue, one } = world();
    queue.send("a");
    const first = await one();
    await clock.advance(30_000);
    const second = await one();
    expect(await queue.acknowledge([first])).toEqual(["ok"]);
    expect(queue.messages()).toHaveLength(1);
    expect(await queue.acknowledge([second])).toEqual(["ok"]);
    expect(queue.messages()).toEqual([]);
  });

  it("deletes by the newest handle after its visibility ended, unless it is FIFO", async () => {
    const standard = world();
    standard.queue.send("a");
    const late = await standard.one();
    await standard.clock.advance(60_000);
    expect(await standard.queue.acknowledge([late])).toEqual(["ok"]);
    expect(standard.queue.messages()).toEqual([]);

    const fifo = world({ fifo: true });
    fifo.queue.send("a", { groupId: "g" });
    const tooLate = await fifo.one();
    await fifo.clock.advance(60_000);
    expect(await fifo.queue.acknowledge([tooLate])).toEqual(["lost"]);
    expect(fifo.queue.messages()).toHaveLength(1);
  });

  it("extends only what is in flight, by the newest handle", async () => {
    const { clock, queue, one } = world();
    queue.send("a");
    const first = await one();
    await clock.advance(20_000);
    expect(await queue.extend([{ message: first, visibilityMs: 30_000 }])).toEqual(["ok"]);
    await clock.advance(29_999);
    expect(queue.messages()[0]?.inFlight).toBe(true);
    await clock.advance(1);
    expect(await queue.extend([{ message: first, visibilityMs: 30_000 }])).toEqual(["lost"]);
    const second = await one();
    expect(await queue.extend([{ message: first, visibilityMs: 30_000 }])).toEqual(["lost"]);
    await queue.acknowledge([second]);
    expect(await queue.extend([{ message: second, visibilityMs: 30_000 }])).toEqual(["lost"]);
  });

  it("keeps nothing invisible for more than 12 hours from its receive", async () => {
    const { clock, queue, one } = world();
    queue.send("a");
    const message = await one(HOUR_MS);
    await clock.advance(HOUR_MS - 1);
    expect(await queue.extend([{ message, visibilityMs: 11 * HOUR_MS + 2 }])).toEqual([
      { failed: expect.stringContaining("12 hours") as string },
    ]);
    expect(await queue.extend([{ message, visibilityMs: 11 * HOUR_MS + 1 }])).toEqual(["ok"]);
  });

  it("locks a FIFO group while any of it is in flight, and keeps its order", async () => {
    const { clock, queue, receive } = world({ fifo: true });
    for (const body of ["a1", "a2", "b1", "a3"]) queue.send(body, { groupId: body.slice(0, 1) });
    const [a1, a2] = await receive(2);
    expect([a1?.body, a2?.body]).toEqual(["a1", "a2"]);
    expect((await receive()).map((m) => m.body)).toEqual(["b1"]);
    await queue.acknowledge([a1 as QueueMessage]);
    expect(await receive()).toEqual([]);
    await queue.retryLater([{ message: a2 as QueueMessage, visibilityMs: 5_000 }]);
    await clock.advance(4_999);
    expect(await receive()).toEqual([]);
    await clock.advance(1);
    expect((await receive()).map((m) => m.body)).toEqual(["a2", "a3"]);
  });

  it("swallows a repeated deduplication id for five minutes, also after the delete", async () => {
    const { clock, queue, one } = world({ fifo: true });
    const id = queue.send("a", { groupId: "g", dedupId: "d" });
    await queue.acknowledge([await one()]);
    await clock.advance(5 * 60_000 - 1);
    expect(queue.send("a", { groupId: "g", dedupId: "d" })).toBe(id);
    expect(queue.messages()).toEqual([]);
    await clock.advance(1);
    queue.send("a", { groupId: "g", dedupId: "d" });
    expect(queue.messages()).toHaveLength(1);
  });

  it("moves a message to the dead letters instead of delivering it once too often", async () => {
    const { clock, queue, receive } = world({ maxReceiveCount: 2 });
    queue.send("a", { attributes: { kind: "x" } });
    await receive(1, 0);
    await receive(1, 1_000);
    expect(queue.deadLetters()).toEqual([]);
    await clock.advance(1_000);
    expect(await receive()).toEqual([]);
    expect(queue.messages()).toEqual([]);
    expect(queue.deadLetters().map((m) => [m.body, m.attributes])).toEqual([["a", { kind: "x" }]]);
  });

  it("copies to the dead letters with the reason, once, and says where it can't", async () => {
    const { queue, dead, one } = world({ fifo: true });
    queue.send("a", { groupId: "g", attributes: { kind: "x" } });
    const message = await one();
    expect(await queue.deadLetter(message, reason)).toBe("copied");
    expect(await queue.deadLetter(message, reason)).toBe("copied");
    expect(dead.messages().map((m) => [m.body, m.groupId, m.attributes["kind"]])).toEqual([
      ["a", "g", "x"],
    ]);
    expect(JSON.parse(dead.messages()[0]?.attributes["exactly-once"] ?? "")).toMatchObject({
      ...reason,
      groupId: "g",
      originalMessageId: message.id,
      receiveCount: 1,
    });
    expect(await dead.deadLetter(message, reason)).toHaveProperty("denied");
  });

  it("copies without the reason what is nearly too large, and says so of what is too large", async () => {
    const { queue, dead, one } = world({ maxMessageBytes: 100 });
    queue.send("x".repeat(90));
    expect(await queue.deadLetter(await one(), reason)).toBe("copied");
    expect(dead.messages().map(({ attributes }) => attributes)).toEqual([{}]);
    queue.send("x".repeat(101));
    expect(await queue.deadLetter(await one(), reason)).toHaveProperty("denied");
  });

  it("hands out as many of a FIFO group as it is asked for, or one where it is told to", async () => {
    for (const [options, bodies] of [
      [{}, ["a1", "a2", "b1"]],
      [{ onePerGroup: true }, ["a1", "b1"]],
    ] as const) {
      const { queue, receive } = world({ fifo: true, ...options });
      for (const body of ["a1", "a2", "b1"]) queue.send(body, { groupId: body.slice(0, 1) });
      expect((await receive()).map(({ body }) => body)).toEqual(bodies);
      expect(await receive()).toEqual([]);
    }
  });

  it("long-polls until something comes, becomes visible, or it is told to stop", async () => {
    const { clock, queue, receive } = world();
    const poll = (signal?: AbortSignal) =>
      queue.receive({
        max: 10,
        visibilityMs: 30_000,
        waitMs: 20_000,
        ...(signal === undefined ? {} : { signal }),
      });
    const sent = poll();
    await clock.advance(5_000);
    queue.send("a");
    const [a] = await sent;
    expect(a?.body).toBe("a");
    await queue.acknowledge([a as QueueMessage]);
    expect(clock.monotonic()).toBe(5_000);

    queue.send("b");
    await receive(1, 10_000);
    const [b] = await clock.run(poll());
    expect([b?.body, clock.monotonic()]).toEqual(["b", 15_000]);
    await queue.acknowledge([b as QueueMessage]);

    const stop = new AbortController();
    const stopped = poll(stop.signal);
    stop.abort();
    expect(await stopped).toEqual([]);
    expect(await clock.run(poll())).toEqual([]);
    expect(clock.monotonic()).toBe(35_000);
  });

  it("loses what is older than its retention", async () => {
    const { clock, queue, receive } = world({ retentionMs: 60_000 });
    queue.send("a");
    await clock.advance(60_001);
    expect(await receive()).toEqual([]);
    expect(queue.messages()).toEqual([]);
  });

  it("redelivers a message that is being worked on when a test says so", async () => {
    const { queue, one } = world();
    const id = queue.send("a");
    const first = await one();
    queue.redeliver(id);
    const second = await one();
    expect([second.id, second.receiveCount]).toEqual([id, 2]);
    expect(second.handle).not.toBe(first.handle);
  });

  it("describes itself", async () => {
    const { queue } = world({ fifo: true, maxReceiveCount: 3, visibilityMs: 3_000 });
    expect(await queue.describe()).toEqual({
      name: "memory.fifo",
      fifo: true,
      visibilityMs: 3_000,
      retentionMs: 4 * 24 * HOUR_MS,
      deadLetter: { name: "dead.fifo", maxReceiveCount: 3 },
    });
  });

  it("fails as injected: before, after, or entry by entry, and counts the calls", async () => {
    const { queue, one } = world();
    queue.send("a");
    queue.inject({ on: "receive", effect: "before" });
    await expect(one()).rejects.toMatchObject({ code: "QUEUE_UNAVAILABLE" });
    const message = await one();
    queue.inject({ on: "extend", effect: { reply: { failed: "throttled" } }, times: 2 });
    const change = { message, visibilityMs: 30_000 };
    expect(await queue.extend([change, change])).toEqual([
      { failed: "throttled" },
      { failed: "throttled" },
    ]);
    queue.clearFaults();
    expect(await queue.extend([change])).toEqual(["ok"]);
    queue.inject({ on: "acknowledge", effect: "after", error: new Error("reset") });
    await expect(queue.acknowledge([message])).rejects.toThrow("reset");
    expect(queue.messages()).toEqual([]);
    expect(queue.calls).toMatchObject({ receive: 2, extend: 2, acknowledge: 1 });
  });
});
