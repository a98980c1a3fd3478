import { describe, expect, it } from "vitest";
import { replay } from "./replay.js";

/** An afternoon on a production-sized pool: the walk takes nearly five minutes. */
const AFTERNOON = { perHour: 20, pool: 60_000, pageMs: 280, newAccounts: 2, days: 0.15 };
/** A test pool: the walk is over within a second, so nobody ever saw it. */
const TEST_POOL = { ...AFTERNOON, pool: 200 };

describe("simulation: the incident", () => {
  it("repeats confirmations where the walk outlasts the visibility, ten times at most", async () => {
    const naive = await replay("naive", AFTERNOON, 1);
    expect(naive.repeated).toBeGreaterThan(0);
    expect(naive.mostCopies).toBe(10);
  });

  it("doesn't show on a test pool", async () => {
    expect(await replay("naive", TEST_POOL, 1)).toMatchObject({ repeated: 0, mostCopies: 1 });
  });

  it("doesn't happen to the same service with this library, and every update is mailed", async () => {
    const ours = await replay("ours", AFTERNOON, 1);
    expect(ours).toMatchObject({
      repeated: 0,
      mostCopies: 1,
      mails: ours.updates,
      deadLettered: 0,
    });
  });
});
