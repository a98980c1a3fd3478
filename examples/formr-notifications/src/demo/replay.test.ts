import { describe, expect, it } from "vitest";
import { tally } from "./counting.js";
import { expectedEmails } from "./expected-emails.js";
import { replay } from "./replay.js";
import type { Side } from "./services.js";
import { createWorkload } from "./workload.js";

const USERS = 600;
const PAGES = USERS / 60;
const SEED = 1;
/** Of one workload, those at the end of the pool, all at once: a walk finds them last. */
const workload = createWorkload({ seed: SEED, users: USERS })
  .filter(({ user }) => user >= USERS * 0.9)
  .map((event, index) => ({ ...event, atMs: index }));

async function play(side: Side, walkMs: number) {
  const stack = { users: USERS, poolSeed: SEED, pageLatencyMs: walkMs / PAGES };
  const run = await replay({ side, workload, stack, onProgress: () => undefined });
  return tally(
    expectedEmails(workload, { users: USERS, seed: SEED }),
    run.emails,
    run.observations,
  );
}

// Real processes on a real clock: the walk is longer than the queue's visibility, which is 3 s.
describe("a small replay", { timeout: 180_000 }, () => {
  it("has the naive service send copies", async () => {
    const { figures, exactlyOnce } = await play("naive", 5_000);
    expect(exactlyOnce).toBe(false);
    expect(figures.doctors2).toBeGreaterThan(0);
    expect(figures.missing).toBe(0);
  });

  it("has ours send each email exactly once", async () => {
    const { figures, exactlyOnce, unexpected } = await play("ours", 5_000);
    expect({ ...figures, unexpected }).toMatchObject({
      missing: 0,
      max: 1,
      unexpected: 0,
      held: 0,
    });
    expect(exactlyOnce).toBe(true);
  });
});
