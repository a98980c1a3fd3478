import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleReplay, play, type Programs } from "./played.fixture.js";
import { createWorkload } from "./workload.js";

const pool = { seed: 1, users: 600 };
/** Of one workload, those at the end of the pool, all at once: a walk finds them last. */
const workload = createWorkload(pool)
  .filter(({ user }) => user >= pool.users * 0.9)
  .map((event, index) => ({ ...event, atMs: index }));
/** Longer than the queue's visibility, which is 3 s. */
const walkMs = 5_000;

// Real processes on a real clock. `replay.proof.ts` has the incident at full scale.
describe("a small replay", () => {
  let programs: Programs;
  beforeAll(async () => {
    programs = await bundleReplay();
  });
  afterAll(() => programs.remove());

  it("has the naive service send copies", async () => {
    const played = await play({ ...pool, programs, side: "naive", workload, walkMs });
    expect(played.byTheAudit).toEqual(played.byTheDemo);
    expect(played.exactlyOnce).toBe(false);
    expect(played.figures.doctors2).toBeGreaterThan(0);
    expect(played.figures.missing).toBe(0);
  });

  it("has ours send each email exactly once", async () => {
    const played = await play({ ...pool, programs, side: "ours", workload, walkMs });
    expect(played.byTheAudit.same.definitely).toMatchObject({ recipients2: 0, recipients3: 0 });
    expect({ ...played.figures, unexpected: played.unexpected }).toMatchObject({
      ...{ missing: 0, max: 1, unexpected: 0, held: 0 },
    });
    expect(played.exactlyOnce).toBe(true);
  });
});
