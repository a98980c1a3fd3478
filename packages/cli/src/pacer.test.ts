import { createVirtualClock } from "@exactly-once/core/testing";
import { describe, expect, it } from "vitest";
import { createPacer } from "./pacer.js";

describe("a pacer", () => {
  it("lets the first go at once, and the others at the rate", async () => {
    const clock = createVirtualClock();
    const pace = createPacer(clock, 20);
    const gone: number[] = [];
    for (let at = 0; at < 4; at += 1) {
      await clock.run(pace());
      gone.push(clock.monotonic());
    }
    expect(gone).toEqual([0, 50, 100, 150]);
  });

  it("doesn't make up for time in which none went", async () => {
    const clock = createVirtualClock();
    const pace = createPacer(clock, 20);
    await clock.run(pace());
    await clock.advance(1_000);
    await clock.run(pace());
    let gone = false;
    void pace().then(() => (gone = true));
    await clock.advance(49);
    expect(gone).toBe(false);
    await clock.advance(1);
    expect(gone).toBe(true);
  });
});
