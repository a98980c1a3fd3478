import { describe, expect, it } from "vitest";
import { HeldMessages } from "./held-messages.js";
import { leaseTime } from "../leases/lease-time.js";
import type { RecordView } from "../ports/index.js";
import { createVirtualClock } from "../testing/virtual-clock.js";

describe("a held message that is woken while its record is being read", () => {
  it("is looked at again at once, since what was read may be older", async () => {
    const clock = createVirtualClock();
    const answers: ((records: (RecordView | undefined)[]) => void)[] = [];
    let looks = 0;
    const held = new HeldMessages({
      clock,
      time: leaseTime(clock),
      store: { read: () => new Promise((resolve) => answers.push(resolve)) },
      onStoreFault: () => undefined,
    });
    held.hold({
      pipeline: "p",
      messages: 1,
      bytes: 1,
      reason: "unknown",
      key: "k",
      look: () => ({ kind: (looks += 1) === 1 ? "wait" : "goOn" }),
      goOn: () => undefined,
    });
    await clock.advance(1_000);
    expect(answers).toHaveLength(1);
    held.wake("k");
    answers[0]?.([undefined]);
    await clock.advance(0);
    expect(answers).toHaveLength(2);
    answers[1]?.([undefined]);
    await clock.advance(0);
    expect(held.size).toBe(0);
    held.stop();
    await clock.runUntilIdle();
  });
});
