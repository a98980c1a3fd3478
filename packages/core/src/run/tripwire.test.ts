import { describe, expect, it } from "vitest";
import { rig } from "../consumer/consumer.fixture.js";
import { keyedDigest, reservationFor } from "./tripwire.js";

describe("rates", () => {
  it("warn and send, where a recipient gets more than the pipeline expects", async () => {
    const r = rig({ pipeline: { tripwire: { perRecipientPerHour: 2 } } });
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

  it("block by choice, until an operator allows it or drops it", async () => {
    const r = rig({ pipeline: { tripwire: { perRecipientPerHour: 1, onRate: "block" } } });
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
    const r = rig({ pipeline: { tripwire: { perRecipientPerHour: 1 } } });
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
