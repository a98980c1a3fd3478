import type { Heartbeats, HeartbeatsInput, LoopDelay } from "../heartbeats-process.js";
import { startProcess } from "../processes.js";
import { summarize, type Row } from "../rows.js";
import type { Suite } from "./suite.js";

const IN_FLIGHT = [10, 100, 1_000, 5_000] as const;
const SUITE = "heartbeats";
const FAILING = 0.01;

/** What keeping messages costs: first what SQS sees, then what the rest of the process feels. */
export const heartbeats: Suite = async ({ runs, only, note }) => {
  const rows: Row[] = [];
  for (const inFlight of IN_FLIGHT) {
    for (const { suffix, measure } of [requests, delay]) {
      const name = `${inFlight} in flight, ${suffix}`;
      if (!name.includes(only)) continue;
      note(name);
      rows.push(
        ...(await measure({ suite: SUITE, case: name, contender: "ours" }, inFlight, runs)),
      );
    }
  }
  return rows;
};

type Measure = (
  at: { readonly suite: string; readonly case: string; readonly contender: string },
  inFlight: number,
  runs: number,
) => Promise<readonly Row[]>;

/** On a virtual clock, where ten minutes pass in less than a second. */
const requests: { readonly suffix: string; readonly measure: Measure } = {
  suffix: "60 s leases, 1 % of calls fail",
  measure: async (at, inFlight, runs) => {
    const of: Heartbeats[] = [];
    for (let seed = 1; seed <= runs; seed += 1) {
      const input = { inFlight, minutes: 10, visibilityMs: 60_000, failing: FAILING, seed };
      of.push(await call<Heartbeats>("keep", input));
    }
    const row = (metric: string, unit: string, figure: (result: Heartbeats) => number): Row =>
      summarize(at, metric, unit, of.map(figure));
    return [
      row("extend requests per minute", "1/min", (result) => result.requestsPerMinute),
      row("leases lost in 10 minutes", "1", (result) => result.lost),
      row("CPU per minute of heartbeats", "ms", (result) => result.cpuMsPerMinute),
    ];
  },
};

/** In real time; shorter leases, so that as much happens in 20 s as otherwise in two minutes. */
const delay: { readonly suffix: string; readonly measure: Measure } = {
  suffix: "10 s leases, real time",
  measure: async (at, inFlight, runs) => {
    const of: LoopDelay[] = [];
    for (let seed = 1; seed <= Math.min(runs, 3); seed += 1) {
      const input = { inFlight, minutes: 1 / 3, visibilityMs: 10_000, failing: FAILING, seed };
      of.push(await call<LoopDelay>("delay", input));
    }
    return [
      summarize(
        at,
        "event-loop delay p99",
        "ms",
        of.map(({ p99Ms }) => p99Ms),
      ),
      summarize(
        at,
        "event-loop delay, longest",
        "ms",
        of.map(({ maxMs }) => maxMs),
      ),
    ];
  },
};

async function call<Result>(method: string, input: HeartbeatsInput): Promise<Result> {
  const process = await startProcess("heartbeats-process", input);
  try {
    return await process.call<Result>(method);
  } finally {
    await process.kill();
  }
}
