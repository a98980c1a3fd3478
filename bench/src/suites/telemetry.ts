import type { PipelineMeasured } from "../pipeline-process.js";
import { startProcess } from "../processes.js";
import { summarize, type Row } from "../rows.js";
import type { Suite } from "./suite.js";

const IN_FLIGHT = 100;

/**
 * What spans and metrics cost a message: the pipeline with an effect, with telemetry beside without, in turns
 * within one run, so that both see the same machine. The exporters cost nothing here; a collector's do.
 */
export const telemetry: Suite = async ({ runs, messages, note }) => {
  const timed = { off: [] as PipelineMeasured[], on: [] as PipelineMeasured[] };
  for (let run = 1; run <= runs; run += 1) {
    note(`run ${run} of ${runs}`);
    timed.off.push(await measure(messages, false));
    timed.on.push(await measure(messages, true));
  }
  const name = `${IN_FLIGHT} in flight, one effect`;
  const rows: Row[] = (["off", "on"] as const).flatMap((state) => {
    const at = { suite: "telemetry", case: name, contender: `telemetry ${state}` };
    const us = (pick: (run: PipelineMeasured) => number) =>
      timed[state].map((run) => pick(run) / 1_000);
    return [
      summarize(
        at,
        "time per message",
        "µs",
        us((run) => run.nsPerMessage),
      ),
      summarize(
        at,
        "CPU per message",
        "µs",
        us((run) => run.cpuNsPerMessage),
      ),
    ];
  });
  const ratios = timed.on.map(
    (run, index) => run.cpuNsPerMessage / (timed.off[index]?.cpuNsPerMessage ?? Number.NaN),
  );
  const ratio = { suite: "telemetry", case: name, contender: "telemetry on" };
  return [...rows, summarize(ratio, "CPU, times telemetry off", "", ratios)];
};

async function measure(messages: number, on: boolean): Promise<PipelineMeasured> {
  const input = { messages, inFlight: IN_FLIGHT, effect: true, telemetry: on };
  const process = await startProcess("pipeline-process", input, {
    nodeArgs: ["--max-semi-space-size=256", "--min-semi-space-size=256"],
  });
  try {
    return await process.call<PipelineMeasured>("measure");
  } finally {
    await process.kill();
  }
}
