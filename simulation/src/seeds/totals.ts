import type { ScheduleResult } from "../run/run-schedule.js";
import type { ScenarioName } from "../scenarios/settings.js";

/** What many runs came to. */
export interface Totals {
  seeds: number;
  violations: number;
  /** Processor time the runs took, ms: figures hold per core, however busy the machine. */
  cpuMs: number;
  events: number;
  virtualMs: number;
  crashes: number;
  pauses: number;
  messages: number;
  emails: number;
  held: number;
  deadLettered: number;
  suppressed: number;
  verdicts: number;
  lookups: number;
  failovers: number;
  /** Runs made twice, with the same trace. */
  repeated: number;
  faults: Record<string, number>;
  perScenario: Record<string, { runs: number; cpuMs: number }>;
}

export interface Failure {
  readonly seed: number;
  readonly scenario: ScenarioName;
  readonly oracle: string;
  readonly text: string;
}

export function noTotals(): Totals {
  return {
    seeds: 0,
    violations: 0,
    cpuMs: 0,
    events: 0,
    virtualMs: 0,
    crashes: 0,
    pauses: 0,
    messages: 0,
    emails: 0,
    held: 0,
    deadLettered: 0,
    suppressed: 0,
    verdicts: 0,
    lookups: 0,
    failovers: 0,
    repeated: 0,
    faults: {},
    perScenario: {},
  };
}

export function addResult(totals: Totals, result: ScheduleResult): void {
  const { stats } = result;
  totals.seeds += 1;
  totals.violations += result.violations.length > 0 ? 1 : 0;
  for (const name of STATS) totals[name] += stats[name];
  for (const [kind, count] of result.faults) {
    totals.faults[kind] = (totals.faults[kind] ?? 0) + count;
  }
}

/** @param runs schedules of this scenario that took the time, repeated ones included */
export function addTime(totals: Totals, scenario: string, runs: number, cpuMs: number): void {
  totals.cpuMs += cpuMs;
  const own = (totals.perScenario[scenario] ??= { runs: 0, cpuMs: 0 });
  own.runs += runs;
  own.cpuMs += cpuMs;
}

export function addTotals(totals: Totals, more: Totals): void {
  for (const name of SUMS) totals[name] += more[name];
  for (const [kind, count] of Object.entries(more.faults)) {
    totals.faults[kind] = (totals.faults[kind] ?? 0) + count;
  }
  for (const [scenario, { runs, cpuMs }] of Object.entries(more.perScenario)) {
    addTime(totals, scenario, runs, cpuMs);
  }
}

const STATS = [
  "events",
  "virtualMs",
  "crashes",
  "pauses",
  "messages",
  "emails",
  "held",
  "deadLettered",
  "suppressed",
  "verdicts",
  "lookups",
  "failovers",
] as const;

const SUMS = [...STATS, "seeds", "violations", "repeated"] as const;
