import { setImmediate } from "node:timers/promises";
import { withLeakGuard } from "../kernel/leak-guard.js";
import type { ScheduleOptions } from "../run/basis.js";
import { runSchedule, type ScheduleResult } from "../run/run-schedule.js";
import { scenarioOf } from "../scenarios/mix.js";
import { SCENARIOS, type ScenarioName } from "../scenarios/settings.js";
import { addResult, addTime, noTotals, type Failure, type Totals } from "./totals.js";

export interface SeedRange {
  readonly first: number;
  readonly count: number;
  /** Every n-th seed is run twice and must leave the same trace; 0 for none. */
  readonly repeatEvery: number;
  /** Every seed in this scenario instead of the one that the mix gives it. */
  readonly scenario?: ScenarioName;
  /** Ends at the first violation, that of the lowest seed. */
  readonly untilFirst?: boolean;
}

export interface RangeResult {
  readonly totals: Totals;
  readonly failures: readonly Failure[];
}

/** A rejection nobody handles would end the process: a violation of its own. */
const rejections: unknown[] = [];
let listening = false;

function listen(): void {
  if (listening) return;
  listening = true;
  process.on("unhandledRejection", (reason) => rejections.push(reason));
}

/** One run behind the leak guard. */
export function runGuarded(options: ScheduleOptions): Promise<ScheduleResult> {
  return withLeakGuard(() => runWatched(options));
}

/** One run, with what nobody caught. Wants the leak guard around it. */
async function runWatched(options: ScheduleOptions): Promise<ScheduleResult> {
  listen();
  const stackTraceLimit = Error.stackTraceLimit;
  // Simulated faults are many, and nobody reads where they came from.
  if (options.story !== true) Error.stackTraceLimit = 0;
  const result = await runSchedule(options);
  Error.stackTraceLimit = stackTraceLimit;
  await setImmediate();
  if (rejections.length === 0) return result;
  const text = rejections.splice(0).map(String).join("; ");
  const at = result.stats.virtualMs;
  return {
    ...result,
    violations: [...result.violations, { oracle: "no rejection unhandled", at, text }],
  };
}

export function runSeeds(range: SeedRange): Promise<RangeResult> {
  return withLeakGuard(() => runAll(range));
}

async function runAll(range: SeedRange): Promise<RangeResult> {
  const result = { totals: noTotals(), failures: [] as Failure[] };
  const { first, count, scenario } = range;
  const runs = Array.from({ length: count }, (_, index) => ({
    seed: first + index,
    scenario: scenario ?? scenarioOf(first + index),
  }));
  if (range.untilFirst) {
    await runEach(runs, range, result);
    return result;
  }
  // One scenario after the other: asking for the processor time costs more than a tenth of a run.
  for (const name of SCENARIOS) {
    const own = runs.filter((run) => run.scenario === name);
    const before = process.cpuUsage();
    const schedules = await runEach(own, range, result);
    const { user, system } = process.cpuUsage(before);
    if (schedules > 0) addTime(result.totals, name, schedules, (user + system) / 1_000);
  }
  result.failures.sort((a, b) => a.seed - b.seed);
  return result;
}

/** Resolves with the number of schedules run. */
async function runEach(
  runs: readonly { readonly seed: number; readonly scenario: ScenarioName }[],
  range: SeedRange,
  { totals, failures }: { readonly totals: Totals; readonly failures: Failure[] },
): Promise<number> {
  let schedules = 0;
  for (const { seed, scenario } of runs) {
    const result = await runWatched({ seed, scenario });
    schedules += 1;
    addResult(totals, result);
    const violations = [...result.violations];
    if (range.repeatEvery > 0 && seed % range.repeatEvery === 0) {
      totals.repeated += 1;
      schedules += 1;
      const again = await runWatched({ seed, scenario });
      if (again.hash !== result.hash) {
        const text = `${result.hash}, then ${again.hash}`;
        violations.push({ oracle: "same seed, same trace", at: 0, text });
      }
    }
    const [worst] = violations;
    if (!worst) continue;
    failures.push({ seed, scenario, oracle: worst.oracle, text: worst.text });
    if (range.untilFirst) break;
  }
  return schedules;
}
