import { describe, expect, it } from "vitest";
import { rig, type Rig } from "../consumer/consumer.fixture.js";
import type { AttemptInfo, Outcome } from "../ports/index.js";

const STALE_MS = 10 * 60_000;

/** A rig whose provider takes the first letter without saying so, and can be asked afterwards. */
function asked(lookup: (r: Rig, attempt: AttemptInfo) => Promise<Outcome>) {
  const r = rig({ pipeline: { holdForMs: 30 * 24 * 3_600_000 } });
  r.office.behaviour = (request) =>
    request === 1 ? { status: "unknown", reason: "lost" } : undefined;
  Object.assign(r.office, { lookup: (attempt: AttemptInfo) => lookup(r, attempt) });
  return r;
}

const NOT_SENT: Outcome = { status: "rejected", reason: "no such letter" };

describe("an attempt of unknown outcome whose provider can be asked", () => {
  it("is sent again once the provider says that it has no such letter", async () => {
    const r = asked(async () => NOT_SENT);
    r.send("a");
    await r.consumer.start();
    await r.clock.advance(STALE_MS);
    expect(r.office.accepted).toHaveLength(1);
    expect(r.queue.messages()).toEqual([]);
    await r.clock.run(r.consumer.stop());
  });

  it("isn't sent again while its first request could still be accepted, whatever the provider says", async () => {
    let staleAt = 0;
    const r = asked(async (_, attempt) => {
      staleAt = attempt.staleAt;
      return NOT_SENT;
    });
    r.send("a");
    await r.consumer.start();
    await r.clock.advance(5_000);
    expect(staleAt).toBeGreaterThan(r.clock.now());
    // What the clocks of this process and of the store may be apart is waited for as well.
    await r.clock.advance(staleAt + 60_000 - r.clock.now() - 1);
    expect(r.office.requests).toBe(1);
    await r.clock.advance(60_000);
    expect([r.office.requests, r.office.accepted.length]).toEqual([2, 1]);
    await r.clock.run(r.consumer.stop());
  });

  it("isn't sent again for an answer that was asked for too early, however late it is looked at", async () => {
    const r = asked(async (rig, attempt) => {
      if (attempt.staleAt + 60_000 <= rig.clock.now()) return { status: "unknown", reason: "away" };
      // The process stands still, with the answer in hand, until the first request is stale.
      await rig.clock.sleep(attempt.staleAt + 60_001 - rig.clock.now());
      return NOT_SENT;
    });
    r.send("a");
    await r.consumer.start();
    await r.clock.advance(2 * STALE_MS);
    expect(r.office.requests).toBe(1);
    await r.clock.run(r.consumer.stop());
  });

  it("is known to be sent at once, where the provider says so", async () => {
    const receipt = { id: "letter-7", at: 1, via: "provider" } as const;
    const r = asked(async () => ({ status: "accepted", receipt }));
    r.send("a");
    await r.consumer.start();
    await r.clock.advance(5_000);
    expect(r.office.requests).toBe(1);
    expect(r.queue.messages()).toEqual([]);
    await r.clock.run(r.consumer.stop());
  });

  it("stays unknown while the provider can't be asked, however often that is tried", async () => {
    const r = asked(() => Promise.reject(new Error("the provider is away")));
    r.send("a");
    await r.consumer.start();
    await r.clock.advance(24 * 3_600_000);
    expect(r.office.requests).toBe(1);
    expect(r.queue.deadLetters()).toEqual([]);
    expect(new Set(r.seen("held").map(({ reason }) => reason))).toEqual(new Set(["unknown"]));
    await r.clock.run(r.consumer.stop());
  });

  it("isn't sent again where sending was paused while the provider was asked", async () => {
    const r = asked(async ({ store, clock }, { staleAt }) => {
      if (clock.now() < staleAt + 60_000) return { status: "unknown", reason: "too early" };
      await store.control.pause("test", undefined, { by: "operator", why: "an incident" });
      await clock.sleep(5_000);
      return NOT_SENT;
    });
    r.send("a");
    await r.consumer.start();
    await r.clock.advance(STALE_MS);
    expect(r.office.requests).toBe(1);
    await r.store.control.resume("test", undefined);
    await r.clock.advance(60_000);
    expect(r.office.requests).toBe(2);
    await r.clock.run(r.consumer.stop());
  });
});
