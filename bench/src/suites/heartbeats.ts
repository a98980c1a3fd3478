import type { Heartbeats, HeartbeatsInput } from "../heartbeats-process.js";
import { startProcess } from "../processes.js";
import { summarize, type Row } from "../rows.js";
import type { Suite } from "./suite.js";

const IN_FLIGHT = [10, 100, 1_000, 5_000] as const;
const MINUTES = 10;

/**
 * The consumer's own lease keeper on a virtual clock: ten minutes of messages that don't end, with
 * 1 % of the extend calls failing.
 */
export const heartbeats: Suite = async ({ runs, note }) => {
  const rows: Row[] = [];
  for (const inFlight of IN_FLIGHT) {
    const name = `${inFlight} in flight, 60 s leases, 1 % of calls fail`;
    note(name);
    const results: Heartbeats[] = [];
    for (let run = 1; run <= runs; run += 1) {
      results.push(
        await keep({ inFlight, minutes: MINUTES, visibilityMs: 60_000, failing: 0.01, seed: run }),
      );
    }
    const at = { suite: "heartbeats", case: name, contender: "ours" };
    const row = (metric: string, unit: string, of: (result: Heartbeats) => number): Row =>
      summarize(at, metric, unit, results.map(of));
    rows.push(
      row("extend requests per minute", "1/min", (result) => result.requestsPerMinute),
      row("leases lost in 10 minutes", "1", (result) => result.lost),
      row("CPU per minute of heartbeats", "ms", (result) => result.cpuMsPerMinute),
    );
  }
  return rows;
};

async function keep(input: HeartbeatsInput): Promise<Heartbeats> {
  const process = await startProcess("heartbeats-process", input);
  try {
    return await process.call<Heartbeats>("keep");
  } finally {
    await process.kill();
  }
}
