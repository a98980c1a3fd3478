import type { ContenderName } from "../contenders/index.js";
import { consume, consumptionRows } from "./consume.js";
import { interleaved } from "./interleaved.js";
import type { Suite } from "./suite.js";

const CONTENDERS: readonly ContenderName[] = ["ours", "sqs-consumer", "sqs-consumer, batches"];

/** Here everybody waits rather than computes, so less has to be compiled. */
const WARM_UP = 2_000;

/** Some messages take long: a poller that waits for the slowest of its ten does nothing meanwhile. */
export const skew: Suite = async ({ runs, messages, warmUp, note }) => {
  const name = "5 ms, every 20th 200 ms, 10 ms per SQS call, one poller";
  note(name);
  const measured = await interleaved(CONTENDERS, runs, (contender) =>
    consume({
      contender,
      messages,
      warmUp: Math.min(warmUp, WARM_UP),
      pollers: 1,
      concurrency: 100,
      handler: { ms: 5, slowMs: 200, every: 20 },
      delayMs: 10,
    }),
  );
  return [...measured].flatMap(([contender, of]) =>
    consumptionRows({ suite: "skew", case: name, contender }, of),
  );
};
