import { describe, expect, it } from "vitest";
import { LeaseKeeper } from "./lease-keeper.js";
import { leaseTime } from "./lease-time.js";
import { memoryStore } from "../memory-store/memory-store.js";
import { memoryQueue } from "../testing/memory-queue.js";
import { createVirtualClock } from "../testing/virtual-clock.js";

const VISIBILITY_MS = 60_000;

describe("a lease that was lost", () => {
  it("is kept again with a later delivery, although nothing else was kept meanwhile", async () => {
    const clock = createVirtualClock();
    const queue = memoryQueue({ clock });
    const time = leaseTime(clock);
    const keeper = new LeaseKeeper({
      clock,
      time,
      queue,
      store: memoryStore({ clock }),
      visibilityMs: VISIBILITY_MS,
      emit: Object.assign(() => undefined, { read: false }),
      onStoreFault: () => undefined,
    });
    const receive = async () => {
      const [message] = await queue.receive({ max: 1, visibilityMs: VISIBILITY_MS, waitMs: 0 });
      if (!message) throw new Error("nothing to receive");
      return message;
    };
    queue.send("body");
    const lost: string[] = [];
    queue.inject({ on: "extend", effect: "before", times: Infinity });
    const kept = keeper.keep(await receive(), time(), (reason) => lost.push(reason));
    await clock.advance(VISIBILITY_MS + 1);
    expect(lost).toEqual(["unconfirmed"]);
    queue.clearFaults();
    kept.renewHandle(await receive(), time());
    await clock.advance(5 * VISIBILITY_MS);
    expect(lost).toEqual(["unconfirmed"]);
    expect(kept.visibleUntil).toBeGreaterThan(time());
    await kept.drop();
    keeper.stop();
    await clock.runUntilIdle();
  });

  it("while its extension waited for others that hang is extended again with a later delivery", async () => {
    const clock = createVirtualClock();
    const time = leaseTime(clock);
    const extended: string[] = [];
    let hanging = true;
    const lost: string[] = [];
    const keeper = new LeaseKeeper({
      clock,
      time,
      queue: {
        ...memoryQueue({ clock }),
        extend: async (items) => {
          if (hanging) await clock.sleep(2 * VISIBILITY_MS);
          extended.push(...items.map(({ message }) => message.handle));
          return items.map(() => "ok" as const);
        },
      },
      store: memoryStore({ clock }),
      visibilityMs: VISIBILITY_MS,
      emit: Object.assign(() => undefined, { read: false }),
      onStoreFault: () => undefined,
    });
    const message = (handle: string) => ({
      id: handle,
      handle,
      body: "",
      attributes: {},
      sentAt: 0,
      receiveCount: 1,
    });
    // Five calls of ten each are made at a time: the last message's waits for them.
    const kept = Array.from({ length: 51 }, (_, n) =>
      keeper.keep(message(`first-${n}`), time(), (reason) => lost.push(reason)),
    );
    await clock.advance(VISIBILITY_MS + 1);
    expect(lost).toHaveLength(51);
    hanging = false;
    await clock.advance(2 * VISIBILITY_MS);
    kept.forEach((lease, n) => {
      lease.renewHandle(message(`second-${n}`), time());
    });
    await clock.advance(3 * VISIBILITY_MS);
    expect(lost).toHaveLength(51);
    expect(extended).toEqual(expect.arrayContaining(kept.map((_, n) => `second-${n}`)));
    for (const lease of kept) void lease.drop();
    keeper.stop();
    await clock.runUntilIdle();
  });
});
