import { afterEach, describe, expect, it } from "vitest";
import { rig, type Rig } from "../consumer/consumer.fixture.js";

const HOUR_MS = 3_600_000;
const WINDOW_MS = 24 * HOUR_MS;
const rigs: Rig[] = [];

/** A rig whose provider takes a second request for the same effect for the first, for a day. */
function deduping(): Rig {
  const r = rig({ pipeline: { holdForMs: 30 * 24 * HOUR_MS }, maxReceiveCount: 1_000 });
  Object.assign(r.office, { idempotent: { windowMs: WINDOW_MS } });
  rigs.push(r);
  return r;
}

afterEach(async () => {
  for (const { consumer, clock } of rigs.splice(0)) await clock.run(consumer.stop());
});

describe("a provider that dedupes for a while", () => {
  it("is asked again within its window, and the message is over", async () => {
    const r = deduping();
    r.office.behaviour = (request) =>
      request === 1 ? { status: "unknown", reason: "reply lost" } : undefined;
    r.send("a");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(HOUR_MS);
    expect(r.office.requests).toBe(2);
    expect(r.queue.messages()).toEqual([]);
  });

  it("isn't sent to after its window, when it may have forgotten: the message is held", async () => {
    const r = deduping();
    r.office.behaviour = (request) => (request === 1 ? "acceptSilently" : undefined);
    r.send("a");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(10);
    await awayForADay(r);
    expect(r.office.requests).toBe(1);
    expect(r.seen("held").at(-1)?.reason).toBe("unknown");
    expect(r.queue.deadLetters()).toEqual([]);
  });

  it("isn't sent to after its window where a repetition was refused", async () => {
    const r = deduping();
    const throttle = { scope: "rate", retryAfterMs: HOUR_MS } as const;
    r.office.behaviour = (request) =>
      request === 1 ? "acceptSilently" : { status: "rejected", reason: "throttled", throttle };
    r.send("a");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(60_000);
    expect(r.office.requests).toBe(2);
    expect((await r.store.unresolved()).items).toHaveLength(1);
    r.office.behaviour = () => undefined;
    await awayForADay(r);
    expect(r.office.requests).toBe(2);
    expect(r.seen("held").at(-1)?.reason).toBe("unknown");
  });
});

/** The service stops, and another replica starts once the provider's window is over. */
async function awayForADay(r: Rig): Promise<void> {
  await r.clock.run(r.consumer.stop());
  await r.clock.advance(WINDOW_MS + HOUR_MS);
  const back = r.replica();
  await r.clock.run(back.start());
  await r.clock.advance(60_000);
  await r.clock.run(back.stop());
}
