import { setImmediate } from "node:timers/promises";
import { withLeakGuard } from "./kernel/leak-guard.js";
import { runSchedule, type ScheduleOptions, type ScheduleResult } from "./run-schedule.js";
import { scenarioOf } from "./scenarios/mix.js";
import { SCENARIOS, type ScenarioName } from "./scenarios/settings.js";
import { addResult, addTime, noTotals, type Failure, type Totals } from "./totals.js";

export interface SeedRange {
  readonly first: number;
  readonly count: number;
  /** Every n-th seed is run twice and must leave the same trace; 0 for none. */
  readonly repeatEvery: number;
  /** Ends at the first violation. */
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
export async function runGuarded(options: ScheduleOptions): Promise<ScheduleResult> {
  listen();
  const stackTraceLimit = Error.stackTraceLimit;
  // Simulated faults are many, and nobody reads where they came from.
  if (options.story !== true) Error.stackTraceLimit = 0;
  const result = await withLeakGuard(() => runSchedule(options));
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

export async function runSeeds(range: SeedRange): Promise<RangeResult> {
  const totals = noTotals();
  const failures: Failure[] = [];
  // One scenario after the other: asking for the processor time costs more than a tenth of a run.
  for (const scenario of SCENARIOS) {
    const before = process.cpuUsage();
    const seeds = await runOfScenario(range, scenario, totals, failures);
    const { user, system } = process.cpuUsage(before);
    addTime(totals, scenario, seeds, (user + system) / 1_000);
    if (range.untilFirst && failures.length > 0) break;
  }
  failures.sort((a, b) => a.seed - b.seed);
  return { totals, failures };
}

/** Resolves with the number of schedules run. */
async function runOfScenario(
  range: SeedRange,
  scenario: ScenarioName,
  totals: Totals,
  failures: Failure[],
): Promise<number> {
  let runs = 0;
  for (let seed = range.first; seed < range.first + range.count; seed += 1) {
    if (scenarioOf(seed) !== scenario) continue;
    const result = await runGuarded({ seed, scenario });
    runs += 1;
    addResult(totals, result);
    const violations = [...result.violations];
    if (range.repeatEvery > 0 && seed % range.repeatEvery === 0) {
      totals.repeated += 1;
      runs += 1;
      const again = await runGuarded({ seed, scenario });
      if (again.hash !== result.hash) {
        const text = `${result.hash}, then ${again.hash}`;
        violations.push({ oracle: "same seed, same trace", at: 0, text });
      }
    }
    const [first] = violations;
    if (!first) continue;
    failures.push({ seed, scenario, oracle: first.oracle, text: first.text });
    if (range.untilFirst) break;
  }
  return runs;
}
