import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleReplay, play, type Programs } from "./played.fixture.js";
import { REAL, scaledMs } from "./scale.js";
import { createWorkload } from "./workload.js";

/** As `pnpm demo` plays it without options. */
const pool = { seed: 1, users: 3_000 };
const workload = createWorkload(pool);
const walkMs = scaledMs(REAL.walkSeconds);

describe("the incident at full scale", () => {
  let programs: Programs;
  beforeAll(async () => {
    programs = await bundleReplay();
  });
  afterAll(() => programs.remove());

  it("has doctors get up to ten copies from the naive service", async () => {
    const played = await play({ ...pool, programs, side: "naive", workload, walkMs });
    expect(played.byTheAudit).toEqual(played.byTheDemo);
    expect(played.exactlyOnce).toBe(false);
    expect(played.figures.doctors3).toBeGreaterThan(0);
  });

  it("has ours send each email exactly once", async () => {
    const played = await play({ ...pool, programs, side: "ours", workload, walkMs });
    expect(played.byTheAudit).toEqual(played.byTheDemo);
    expect({ ...played.figures, unexpected: played.unexpected }).toMatchObject({
      ...{ missing: 0, max: 1, unexpected: 0, held: 0 },
    });
    expect(played.exactlyOnce).toBe(true);
  });
});
