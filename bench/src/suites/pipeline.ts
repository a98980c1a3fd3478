import type { PipelineInput, PipelineMeasured } from "../pipeline-process.js";
import { startProcess } from "../processes.js";
import { summarize, type Row } from "../rows.js";
import type { Suite } from "./suite.js";

const IN_FLIGHT = [1, 10, 100, 1_000] as const;
/** Few enough to fit into the young generation whole, so that nothing is collected meanwhile. */
const COUNTED = 2_000;
/** One at a time waits for company each time: then a few hundred have to do. */
const COUNTED_FEW = 300;

/**
 * What a message costs on our side: decode to acknowledge with a queue and a store that answer at
 * once. Waiting for company (a delete waits up to 20 ms) is no work and counts little
 * with many in flight; with one in flight it is all there is, so CPU time is told beside.
 * A hash's time in the same process tells how fast the machine was.
 */
export const pipeline: Suite = async ({ runs, messages, only, note }) => {
  const rows: Row[] = [];
  for (const effect of [false, true]) {
    for (const inFlight of IN_FLIGHT) {
      const name = `${inFlight} in flight, ${effect ? "one effect" : "no effect"}`;
      if (!name.includes(only)) continue;
      note(name);
      const timed: PipelineMeasured[] = [];
      const counted: number[] = [];
      for (let run = 1; run <= runs; run += 1) {
        // Few in flight mostly wait for company: that many say as much.
        const many = inFlight <= 10 ? messages / 10 : messages * 5;
        timed.push(await measure({ messages: many, inFlight, effect }));
        const { bytesPerMessage } = await measure({
          messages: inFlight <= 10 ? COUNTED_FEW : COUNTED,
          inFlight,
          effect,
        });
        if (bytesPerMessage !== undefined) counted.push(bytesPerMessage);
      }
      const at = { suite: "pipeline", case: name, contender: "ours" };
      const us = (ns: number): number => ns / 1_000;
      rows.push(
        summarize(
          at,
          "time per message",
          "µs",
          timed.map((run) => us(run.nsPerMessage)),
        ),
        summarize(
          at,
          "CPU per message",
          "µs",
          timed.map((run) => us(run.cpuNsPerMessage)),
        ),
        summarize(
          { ...at, contender: "node:crypto" },
          "SHA-256 of 70 bytes, as a yardstick",
          "µs",
          timed.map((run) => us(run.nsPerHash)),
        ),
      );
      if (counted.length > 0) rows.push(summarize(at, "allocated per message", "B", counted));
    }
  }
  return rows;
};

async function measure(input: PipelineInput): Promise<PipelineMeasured> {
  const process = await startProcess("pipeline-process", input, {
    nodeArgs: ["--expose-gc", "--max-semi-space-size=256", "--min-semi-space-size=256"],
  });
  try {
    return await process.call<PipelineMeasured>("measure");
  } finally {
    await process.kill();
  }
}
