import { describe, expect, it } from "vitest";
import { loadCorpus } from "./seeds/corpus.js";
import { runGuarded, runSeeds } from "./seeds/run-seeds.js";
import { SCENARIOS } from "./scenarios/settings.js";

const corpus = await loadCorpus();

describe("simulation: corpus", () => {
  it.each(corpus)("$name stays mended", async ({ entry }) => {
    const { seed, scenario, faults } = entry;
    const whole = await runGuarded({ seed, scenario });
    const shrunk = await runGuarded({ seed, scenario, only: new Set(faults) });
    expect([...whole.violations, ...shrunk.violations]).toEqual([]);
    expect(entry.story).not.toBe("");
  });
});

describe("simulation: seeds", () => {
  // In this process, where coverage is counted; `schedules.proof.ts` runs the range.
  it("keeps every promise over the first schedules, and repeats them to the trace", async () => {
    const { totals, failures } = await runSeeds({ first: 1, count: 120, repeatEvery: 25 });
    expect(failures).toEqual([]);
    expect(totals).toMatchObject({ seeds: 120, repeated: 4 });
  });

  it("keeps every promise where processes make their store of a database themselves", async () => {
    const range = { first: 1, count: 20, repeatEvery: 10, scenario: "cas" } as const;
    const { totals, failures } = await runSeeds(range);
    expect(failures).toEqual([]);
    expect(totals).toMatchObject({ seeds: 20, repeated: 2 });
  });

  it.each(SCENARIOS)("without faults, %s runs keep every promise", async (scenario) => {
    let done = 0;
    for (let seed = 1; seed <= 10; seed += 1) {
      const { violations, fired, stats } = await runGuarded({ seed, scenario, only: new Set() });
      expect({ violations, fired }).toEqual({ violations: [], fired: [] });
      done += stats.emails + stats.lookups;
    }
    expect(done).toBeGreaterThan(0);
  });
});
