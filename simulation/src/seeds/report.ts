import Table from "cli-table3";
import type { Failure, Totals } from "./totals.js";

export interface Summary extends Totals {
  readonly schedulesPerSecond: number;
  /** Per core, from processor time. */
  readonly schedulesPerCpuSecond: Readonly<Record<string, number>>;
  readonly workers: number;
  readonly wallMs: number;
  readonly failures: readonly Failure[];
}

export function summarize(
  totals: Totals,
  failures: readonly Failure[],
  wallMs: number,
  workers: number,
): Summary {
  const perCpuSecond = Object.entries(totals.perScenario).map(
    ([scenario, { runs, cpuMs }]) => [scenario, Math.round((runs / cpuMs) * 1_000)] as const,
  );
  return {
    ...totals,
    violations: failures.length,
    schedulesPerSecond: Math.round((totals.seeds / wallMs) * 1_000),
    schedulesPerCpuSecond: Object.fromEntries(perCpuSecond),
    workers,
    wallMs: Math.round(wallMs),
    failures,
  };
}

export function describeTotals(summary: Summary): string {
  const table = new Table({ style: { head: [], border: [], compact: true } });
  const hours = (summary.virtualMs / 3_600_000).toFixed(0);
  const perCore = Object.entries(summary.schedulesPerCpuSecond)
    .map(([scenario, rate]) => `${scenario} ${rate}`)
    .join(", ");
  const faults = Object.entries(summary.faults).sort(([, a], [, b]) => b - a);
  const injected = faults.reduce((sum, [, count]) => sum + count, 0);
  table.push(
    ["schedules", `${summary.seeds} (${summary.repeated} of them twice, with the same trace)`],
    ["violations", summary.violations],
    ["virtual time", `${hours} h`],
    ["events", summary.events],
    [
      "faults",
      `${injected} of ${faults.length} kinds; crashes ${summary.crashes}, pauses ${summary.pauses}`,
    ],
    ["messages", summary.messages],
    ["emails", summary.emails],
    ["suppressed duplicates", summary.suppressed],
    ["held", summary.held],
    ["dead-lettered", summary.deadLettered],
    ["verdicts from silence", summary.verdicts],
    ["failovers of the store", summary.failovers],
    ["lookups in user caches", summary.lookups],
    ["schedules per second", `${summary.schedulesPerSecond} with ${summary.workers} workers`],
    ["per second of one core", perCore],
  );
  return table.toString();
}
