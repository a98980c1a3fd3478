import { describe, expect, it } from "vitest";
import { rig } from "./consumer.fixture.js";
import type { QueueMessage, ReceiveRequest } from "../ports/index.js";

describe("a drain", () => {
  it("lets running handlers end, hands back the rest, and stops every timer", async () => {
    const r = rig({
      consumer: { concurrency: 2 },
      pipeline: {
        handler: async (event, ctx) => {
          await r.clock.sleep(5_000);
          await ctx.once("email", { to: event.to, text: event.text });
        },
      },
    });
    for (let i = 0; i < 6; i += 1) r.send(`m${i}`, { groupId: `g${i % 3}` });
    await r.clock.run(r.consumer.start());
    await r.clock.advance(1_000);
    await r.clock.run(r.consumer.stop({ deadlineMs: 30_000 }));
    expect(r.office.accepted).toHaveLength(2);
    expect(r.queue.messages()).toHaveLength(4);
    await r.clock.runUntilIdle();
    expect(r.consumer.health().state).toBe("stopped");
    const next = r.replica();
    await r.clock.run(next.start());
    await r.clock.advance(60_000);
    expect(r.office.accepted).toHaveLength(6);
    await r.clock.run(next.stop());
  });

  it("keeps the lease of a long handler alive until it ends", async () => {
    const r = rig({
      pipeline: {
        handler: async (event, ctx) => {
          await r.clock.sleep(200_000);
          await ctx.once("email", { to: event.to, text: event.text });
        },
      },
    });
    r.send("long");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(1_000);
    await r.clock.run(r.consumer.stop({ deadlineMs: 300_000 }));
    expect(r.office.accepted).toHaveLength(1);
    expect(r.queue.messages()).toEqual([]);
    expect(r.seen("leaseLost")).toEqual([]);
  });

  it("aborts what still runs at the deadline, and the message comes back to the next replica", async () => {
    const r = rig({
      pipeline: {
        handler: async (event, ctx) => {
          await r.clock.sleep(60 * 60_000, ctx.signal);
          ctx.signal.throwIfAborted();
          await ctx.once("email", { to: event.to, text: event.text });
        },
      },
    });
    r.send("hung");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(1_000);
    await r.clock.run(r.consumer.stop({ deadlineMs: 10_000 }));
    expect(r.seen("retry").map(({ reason }) => reason)).toEqual(["draining"]);
    expect(r.queue.messages()[0]?.receiveCount).toBe(1);
  });

  it("of many messages at once looks like no leak of listeners", async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error) => warnings.push(warning);
    process.on("warning", listen);
    const r = rig({
      consumer: { concurrency: 40 },
      pipeline: {
        handler: async (event, ctx) => {
          await r.clock.sleep(60 * 60_000);
          await ctx.once("email", { to: event.to, text: event.text });
        },
      },
    });
    for (let i = 0; i < 40; i += 1) r.send(`m${i}`, { groupId: `g${i}` });
    await r.clock.run(r.consumer.start());
    await r.clock.advance(1_000);
    await r.clock.run(r.consumer.stop({ deadlineMs: 10_000 }));
    // Node warns in the next turn.
    await new Promise(setImmediate);
    process.off("warning", listen);
    expect(r.queue.messages()).toHaveLength(40);
    expect(warnings).toEqual([]);
  });

  it("returns held messages at once", async () => {
    const r = rig();
    r.office.behaviour = () => "acceptSilently";
    r.send("held");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(10_000);
    expect(r.consumer.health().held).toBe(1);
    await r.clock.run(r.consumer.stop({ deadlineMs: 10_000 }));
    const next = r.replica();
    await r.clock.run(next.start());
    await r.clock.advance(5_000);
    expect(next.health().held).toBe(1);
    expect(r.office.requests).toBe(1);
    await r.clock.run(next.stop());
  });

  it("returns at once what would have to be held", async () => {
    const r = rig();
    r.office.behaviour = async () => {
      await r.clock.sleep(3_000);
      return "acceptSilently" as const;
    };
    r.send("unknown");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(1_000);
    const before = r.clock.monotonic();
    await r.clock.run(r.consumer.stop({ deadlineMs: 60_000 }));
    expect(r.clock.monotonic() - before).toBeLessThan(5_000);
    expect(r.queue.messages().map(({ inFlight }) => inFlight)).toEqual([false]);
  });

  it("hands back what comes late, and waits for a receive no longer than its deadline", async () => {
    const r = rig();
    let arrive: (messages: readonly QueueMessage[]) => void = () => undefined;
    const { receive } = r.queue;
    let polls = 0;
    Object.assign(r.queue, {
      receive: (request: ReceiveRequest) =>
        (polls += 1) === 1
          ? new Promise<readonly QueueMessage[]>((resolve) => (arrive = resolve))
          : receive(request),
    });
    await r.clock.run(r.consumer.start());
    await r.clock.advance(1_000);
    r.send("late");
    const late = await r.clock.run(receive({ max: 1, visibilityMs: 60_000, waitMs: 0 }));
    const stopped = r.consumer.stop({ deadlineMs: 30_000 });
    await r.clock.advance(2_000);
    arrive(late);
    await r.clock.run(stopped);
    expect(r.office.requests).toBe(0);
    expect(r.queue.messages().map(({ inFlight }) => inFlight)).toEqual([false]);

    const hung = rig();
    Object.assign(hung.queue, { receive: () => new Promise(() => undefined) });
    await hung.clock.run(hung.consumer.start());
    await hung.clock.run(hung.consumer.stop({ deadlineMs: 30_000 }));
    expect(hung.clock.monotonic()).toBeLessThanOrEqual(30_000);
  });

  it("hands back what a receive under way brings", async () => {
    const r = rig();
    await r.clock.run(r.consumer.start());
    await r.clock.advance(1_000);
    const stopped = r.consumer.stop({ deadlineMs: 60_000 });
    r.send("late");
    await r.clock.run(stopped);
    expect(r.office.accepted.length + r.queue.messages().length).toBe(1);
    expect(r.queue.messages().every((m) => m.receiveCount <= 1)).toBe(true);
  });

  it("may be asked for twice, and before the start", async () => {
    const r = rig();
    await Promise.all([r.clock.run(r.consumer.stop()), r.consumer.stop()]);
    await r.consumer.finished;
    await expect(r.consumer.start()).rejects.toMatchObject({ code: "CONFIGURATION" });
  });
});

describe("12 hours", () => {
  it("are never passed: a held message is let go and comes back", async () => {
    const r = rig({ pipeline: { holdForMs: 40 * 60 * 60_000 } });
    r.office.behaviour = () => "acceptSilently";
    r.send("held");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(13 * 60 * 60_000);
    expect(r.office.requests).toBe(1);
    expect(r.queue.messages()[0]?.receiveCount).toBe(2);
    expect(r.seen("extendFailed")).toEqual([]);
    expect(r.consumer.health().held).toBe(1);
    await r.clock.run(r.consumer.stop());
  });
});

describe("maxProcessingMs", () => {
  it("ends a handler that would hang for ever", async () => {
    const r = rig({
      maxReceiveCount: 4,
      pipeline: { maxProcessingMs: 20_000, handler: () => new Promise(() => undefined) },
    });
    r.send("stuck");
    r.send("behind");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(30 * 60_000);
    expect(r.queue.deadLetters()).toHaveLength(2);
    await r.clock.run(r.consumer.stop());
  });
});

describe("delivery modes", () => {
  it("simulate outside the allowlist, and a live run still sends what was rehearsed", async () => {
    const allow = (recipient: string) => recipient === "me@example.org";
    const r = rig({ consumer: { delivery: { mode: "allowlist", allow } } });
    r.send("for me", { to: "me@example.org", groupId: "a" });
    r.send("for you", { to: "you@example.org", groupId: "b" });
    await r.clock.run(r.consumer.start());
    await r.clock.advance(5_000);
    expect(r.office.accepted.map(({ letter }) => letter.to)).toEqual(["me@example.org"]);
    await r.clock.run(r.consumer.stop());
    const live = r.replica({ delivery: "live" });
    r.send("for me", { to: "me@example.org", groupId: "a" });
    r.send("for you", { to: "you@example.org", groupId: "b" });
    await r.clock.run(live.start());
    await r.clock.advance(60_000);
    expect(r.office.accepted.map(({ letter }) => letter.to)).toEqual([
      "me@example.org",
      "you@example.org",
    ]);
    await r.clock.run(live.stop());
  });
});

describe("the tripwire", () => {
  it("holds the same content to the same recipient under another key, until an operator decides", async () => {
    const r = rig({ pipeline: { key: () => [`wrong-${(keys += 1)}`] } });
    let keys = 0;
    r.send("same", { groupId: "a", id: "1" });
    r.send("same", { groupId: "b", id: "2" });
    r.send("other", { groupId: "c", id: "3" });
    await r.clock.run(r.consumer.start());
    await r.clock.advance(60_000);
    expect(r.office.accepted.map(({ letter }) => letter.text).sort()).toEqual(["other", "same"]);
    const [item] = (await r.store.unresolved()).items;
    expect(item?.attempt.state).toBe("blocked");
    const who = { by: "op", why: "meant" };
    expect(await r.store.resolve(item?.attempt.attemptId ?? "", "allow", who)).toBe("resolved");
    await r.clock.advance(60_000);
    expect(r.office.accepted).toHaveLength(3);
    expect(r.queue.messages()).toEqual([]);
    await r.clock.run(r.consumer.stop());
  });

  it("lets a rejected letter be tried again", async () => {
    const r = rig();
    r.office.behaviour = (n) => (n === 1 ? { status: "rejected", reason: "refused" } : undefined);
    r.send("x");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(60_000);
    expect(r.office.accepted).toHaveLength(1);
    expect(r.seen("tripwire")).toEqual([]);
    await r.clock.run(r.consumer.stop());
  });
});

describe("a pipeline that resends", () => {
  it("sends again after an unknown outcome, and no other pipeline does", async () => {
    const r = rig({ pipeline: { onUnknown: "resend" } });
    r.office.behaviour = (n) => (n === 1 ? "acceptSilently" : undefined);
    r.send("code 123");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(60_000);
    expect(r.office.requests).toBe(2);
    expect(r.queue.messages()).toEqual([]);
    await r.clock.run(r.consumer.stop());
  });
});

describe("on a standard queue", () => {
  it("runs messages side by side, whatever their group hint", async () => {
    const r = rig({ fifo: false });
    for (let i = 0; i < 30; i += 1) r.send(`m${i}`);
    await r.clock.run(r.consumer.start());
    await r.clock.advance(10_000);
    expect(r.office.accepted).toHaveLength(30);
    expect(r.queue.messages()).toEqual([]);
    await r.clock.run(r.consumer.stop());
  });
});

describe("evidence that comes while a burial has to wait", () => {
  it("completes the message instead of dead-lettering it", async () => {
    const r = rig({ pipeline: { holdForMs: 60_000 } });
    r.office.behaviour = () => "acceptSilently";
    r.send("late proof");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(2 * 60_000);
    expect(r.queue.deadLetters()).toEqual([]);
    const [item] = (await r.store.unresolved()).items;
    const who = { by: "operator", why: "seen in the mailbox" };
    await r.store.resolve(item?.attempt.attemptId ?? "", "sent", who);
    await r.clock.advance(10 * 60_000);
    expect(r.queue.messages()).toEqual([]);
    expect(r.queue.deadLetters()).toEqual([]);
    expect(r.office.requests).toBe(1);
    await r.clock.run(r.consumer.stop());
  });

  it("isn't needed for the dead letter to name its attempts", async () => {
    const r = rig({ maxReceiveCount: 3 });
    r.office.behaviour = () => ({ status: "rejected", reason: "refused" });
    r.send("refused");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(60_000);
    const [letter] = r.queue.deadLetters();
    expect(JSON.stringify(letter)).toMatch(/-email-owner1x\d+-1-1.*-email-owner1x\d+-2-1/);
    await r.clock.run(r.consumer.stop());
  });
});
