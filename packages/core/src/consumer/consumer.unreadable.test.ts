import { afterEach, describe, expect, it } from "vitest";
import { rig, type Rig, type RigOptions } from "./consumer.fixture.js";
import { withUnreadable, type Unreadable } from "./unreadable-store.fixture.js";

const MINUTE_MS = 60_000;
const rigs: Rig[] = [];

afterEach(async () => {
  for (const { consumer, clock } of rigs.splice(0)) {
    await clock.run(consumer.stop({ deadlineMs: 10_000 }));
  }
});

/** Poisoned are the letters whose id contains "poison". */
function start(options: RigOptions = {}) {
  let unreadable!: Unreadable;
  const made = rig({
    fifo: false,
    ...options,
    wrapStore: (store) => (unreadable = withUnreadable(store, "poison")).store,
  });
  rigs.push(made);
  return { ...made, mend: unreadable.mend };
}

describe("a record that can't be read", () => {
  it("keeps nobody else's message from being handled, and closes no gate", async () => {
    const r = start();
    await r.consumer.start();
    for (let i = 0; i < 20; i += 1) {
      r.send(`letter ${i}`);
      if (i === 4) r.send("poison");
    }
    await r.clock.advance(10_000);
    expect(r.office.accepted).toHaveLength(20);
    expect(r.queue.messages()).toHaveLength(1);
    r.send("late");
    await r.clock.advance(10_000);
    expect(r.office.accepted).toHaveLength(21);
    expect(r.consumer.health()).toMatchObject({ ready: true });
    expect(r.seen("storeDown")).toEqual([]);
    expect(r.seen("receivingPaused")).toEqual([]);
  });

  it("sends its message back, which is told with the key and is no try", async () => {
    const r = start({ maxReceiveCount: 3 });
    await r.consumer.start();
    const messageId = r.send("poison");
    await r.clock.advance(MINUTE_MS);
    const [told] = r.seen("retry");
    expect(told).toMatchObject({
      reason: "unreadable",
      messageId,
      key: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
      error: { code: "UNREADABLE_RECORD", key: told?.key, why: "format 9" },
    });
  });

  it("never dead-letters its message: at its last receive it waits in place", async () => {
    const r = start({ maxReceiveCount: 3 });
    await r.consumer.start();
    r.send("poison");
    await r.clock.advance(60 * MINUTE_MS);
    expect(r.queue.deadLetters()).toEqual([]);
    expect(r.seen("held")).toMatchObject([{ reason: "unreadable" }]);
    expect(r.office.requests).toBe(0);
    r.mend();
    await r.clock.advance(MINUTE_MS);
    expect(r.office.accepted).toHaveLength(1);
    expect(r.queue.messages()).toEqual([]);
  });

  it("may turn up while its message is being handled, and leaves the others' leases alone", async () => {
    let poison = false;
    let poisoned!: Unreadable;
    const r = rig({
      fifo: false,
      wrapStore: (store) => {
        poisoned = withUnreadable(store, "poison");
        const pick = (): typeof store => (poison ? poisoned.store : store);
        return {
          ...poisoned.store,
          claim: (items) => poisoned.store.claim(items).then(() => store.claim(items)),
          extend: (items) => pick().extend(items),
          begin: (item) => pick().begin(item),
        };
      },
      pipeline: {
        handler: async (event, ctx) => {
          await r.clock.sleep(5 * MINUTE_MS);
          await ctx.once("email", { to: event.to, text: event.text });
        },
      },
    });
    rigs.push(r);
    await r.consumer.start();
    r.send("1");
    const messageId = r.send("poison");
    r.send("2");
    await r.clock.advance(1_000);
    poison = true;
    await r.clock.advance(10 * MINUTE_MS);
    expect(r.office.accepted.map(({ letter }) => letter.text)).toEqual(["1", "2"]);
    const lost = r.seen("leaseLost").map((event) => [event.messageId, event.reason].join());
    expect(new Set(lost)).toEqual(new Set([`${messageId},unconfirmed`]));
    expect(r.seen("storeDown")).toEqual([]);
  });
});
