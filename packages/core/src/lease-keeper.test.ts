import { describe, expect, it } from "vitest";
import { createLeaseKeeper } from "./lease-keeper.js";
import { leaseTime } from "./lease-time.js";
import { memoryStore } from "./memory-store.js";
import { memoryQueue } from "./testing/memory-queue.js";
import { createVirtualClock } from "./testing/virtual-clock.js";

const VISIBILITY_MS = 60_000;

describe("a lease that was lost", () => {
  it("is kept again with a later delivery, although nothing else was kept meanwhile", async () => {
    const clock = createVirtualClock();
    const queue = memoryQueue({ clock });
    const time = leaseTime(clock);
    const keeper = createLeaseKeeper({
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
});
