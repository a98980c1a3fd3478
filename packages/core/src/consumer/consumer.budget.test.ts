import { afterEach, describe, expect, it } from "vitest";
import { rig, type Rig, type RigOptions } from "./consumer.fixture.js";
import { StoreUnavailableError } from "../errors.js";

const HOUR_MS = 3_600_000;
const rigs: Rig[] = [];

function start(options: RigOptions = {}): Rig {
  const made = rig(options);
  rigs.push(made);
  return made;
}

afterEach(async () => {
  for (const { consumer, clock } of rigs.splice(0)) {
    await clock.run(consumer.stop({ deadlineMs: 10_000 }));
  }
});

function sendMany(r: Rig, count: number): void {
  for (let i = 0; i < count; i += 1) r.send(`m${i}`, { groupId: `g${i % 25}` });
}

function receivesBurnt(r: Rig): number {
  return Math.max(...r.queue.messages().map(({ receiveCount }) => receiveCount));
}

describe("an outage of hours burns no receives of healthy messages", () => {
  it("when the provider refuses connections", async () => {
    const r = start();
    let down = true;
    r.office.behaviour = () =>
      down ? { status: "rejected", reason: "connectionRefused" } : undefined;
    sendMany(r, 40);
    await r.clock.run(r.consumer.start());
    await r.clock.advance(2 * HOUR_MS);
    expect(r.queue.deadLetters()).toEqual([]);
    expect(receivesBurnt(r)).toBeLessThanOrEqual(6);
    down = false;
    await r.clock.advance(HOUR_MS);
    expect(r.office.accepted).toHaveLength(40);
  });

  it("when the provider's quota is used up until the next day", async () => {
    const r = start();
    let down = true;
    r.office.behaviour = () =>
      down
        ? {
            status: "rejected",
            reason: "quota",
            throttle: { scope: "quota", retryAfterMs: HOUR_MS / 2 },
          }
        : undefined;
    sendMany(r, 40);
    await r.clock.run(r.consumer.start());
    await r.clock.advance(10 * HOUR_MS);
    expect(r.queue.deadLetters()).toEqual([]);
    expect(receivesBurnt(r)).toBeLessThanOrEqual(2);
    down = false;
    await r.clock.advance(2 * HOUR_MS);
    expect(r.office.accepted).toHaveLength(40);
  });

  it.each(["claim", "begin"] as const)("when the store reads, but %s fails", async (operation) => {
    let down = true;
    const r = start({
      wrapStore: (store) => ({
        ...store,
        [operation]: (...args: never[]) => {
          if (down) return Promise.reject(new StoreUnavailableError("out of memory"));
          return (store[operation] as (...all: never[]) => unknown)(...args);
        },
      }),
    });
    sendMany(r, 40);
    await r.clock.run(r.consumer.start());
    await r.clock.advance(HOUR_MS);
    expect(r.queue.deadLetters()).toEqual([]);
    expect(receivesBurnt(r)).toBeLessThanOrEqual(3);
    down = false;
    await r.clock.advance(HOUR_MS);
    expect(r.office.accepted).toHaveLength(40);
  });

  it("and still dead-letters a message that alone is refused again and again", async () => {
    const r = start({ pipeline: { holdForMs: 60_000 } });
    r.office.behaviour = () => ({ status: "rejected", reason: "connectionRefused" });
    r.send("poison");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(3 * HOUR_MS);
    expect(r.queue.deadLetters()).toHaveLength(1);
  });
});

describe("an event that grew too old while its outcome was unknown", () => {
  it("is completed, not dead-lettered, once the provider's event says it went out", async () => {
    const r = start({ pipeline: { maxEventAgeMs: 5 * 60_000 } });
    r.office.behaviour = () => "acceptSilently";
    r.send("code 123");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(10 * 60_000);
    const [item] = (await r.store.unresolved()).items;
    await r.store.resolve(item?.attempt.attemptId ?? "", "sent", { by: "op", why: "seen" });
    await r.clock.advance(5 * 60_000);
    expect(r.queue.deadLetters()).toEqual([]);
    expect(r.queue.messages()).toEqual([]);
    expect(r.office.requests).toBe(1);
  });
});
