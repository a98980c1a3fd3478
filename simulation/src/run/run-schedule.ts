import type { Violation } from "../oracles/violations.js";
import { createBasis, type ScheduleOptions } from "./basis.js";
import type { RunCounts } from "./counts.js";
import { runService } from "./service-run.js";
import { runUserCaches } from "./user-cache-run.js";
import { scenarioSettings, type ScenarioName } from "../scenarios/settings.js";

export interface ScheduleResult {
  readonly seed: number;
  readonly scenario: ScenarioName;
  readonly violations: readonly Violation[];
  readonly hash: string;
  readonly story: readonly string[];
  readonly fired: readonly string[];
  readonly faults: ReadonlyMap<string, number>;
  readonly stats: ScheduleStats;
}

export interface ScheduleStats extends RunCounts {
  readonly events: number;
  readonly crashes: number;
  readonly pauses: number;
  readonly virtualMs: number;
}

/** One seeded run of the real code in the simulated world. */
export async function runSchedule(options: ScheduleOptions): Promise<ScheduleResult> {
  const { seed, scenario } = options;
  const basis = createBasis(options);
  const { kernel, decisions, network, trace, violations } = basis;
  const counts =
    scenario === "users"
      ? await runUserCaches(basis)
      : await runService(basis, scenarioSettings(scenario, decisions));
  return {
    seed,
    scenario,
    violations,
    hash: trace.hash,
    story: trace.story,
    fired: decisions.fired,
    faults: decisions.counts,
    stats: { ...counts, ...network.stats, events: kernel.events, virtualMs: kernel.now },
  };
}
