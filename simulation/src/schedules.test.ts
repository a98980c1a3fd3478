import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import { loadCorpus } from "./corpus.js";
import { runFleet } from "./fleet.js";
import { runGuarded } from "./run-seeds.js";
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
  it("keeps every promise over 3,000 schedules, and repeats them to the trace", async () => {
    const workers = Math.min(2, availableParallelism());
    const { totals, failures } = await runFleet({
      first: 1,
      count: 3_000,
      workers,
      repeatEvery: 25,
    });
    expect(failures).toEqual([]);
    expect(totals).toMatchObject({ seeds: 3_000, repeated: 120 });
    const happened = [
      "crashes",
      "pauses",
      "held",
      "deadLettered",
      "verdicts",
      "failovers",
    ] as const;
    expect(happened.filter((name) => totals[name] === 0)).toEqual([]);
  }, 600_000);

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
