import type { Violation } from "./oracles/violations.js";
import { createBasis } from "./run/basis.js";
import { runService } from "./run/service-run.js";
import { runUserCaches } from "./run/user-cache-run.js";
import { scenarioSettings, type ScenarioName } from "./scenarios/settings.js";

export interface ScheduleOptions {
  readonly seed: number;
  readonly scenario: ScenarioName;
  /** Only these faults happen. */
  readonly only?: ReadonlySet<string>;
  readonly story?: boolean;
}

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

/** What a run of the service, or of its user caches, came to. */
export interface RunCounts {
  readonly messages: number;
  readonly emails: number;
  readonly held: number;
  readonly deadLettered: number;
  readonly suppressed: number;
  /** "Not sent" as the reconciler concluded it from silence. */
  readonly verdicts: number;
  readonly lookups: number;
  readonly failovers: number;
}

export interface ScheduleStats extends RunCounts {
  readonly events: number;
  readonly crashes: number;
  readonly pauses: number;
  readonly virtualMs: number;
}

export const NO_COUNTS: RunCounts = {
  messages: 0,
  emails: 0,
  held: 0,
  deadLettered: 0,
  suppressed: 0,
  verdicts: 0,
  lookups: 0,
  failovers: 0,
};

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
