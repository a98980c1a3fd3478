import type { ContenderInput, HandlerCost, Measured } from "../contender-process.js";
import { workEvent } from "../contenders/contender.js";
import type { ContenderName } from "../contenders/index.js";
import { startProcess } from "../processes.js";
import { summarize, type Row, type RowName } from "../rows.js";
import { startEmulator } from "../sqs/emulator.js";

export interface Consumption extends Measured {
  readonly messages: number;
  readonly requests: number;
}

export interface ConsumeOptions {
  readonly contender: ContenderName;
  readonly messages: number;
  readonly pollers: number;
  readonly concurrency: number;
  readonly handler: HandlerCost;
  /** FIFO with so many groups; a standard queue without. */
  readonly groups?: number;
  /** Milliseconds added to each SQS call. */
  readonly delayMs?: number;
  readonly redisUrl?: string;
}

/** One run: a queue with a backlog, and one contender in its own process until it is empty. */
export async function consume(options: ConsumeOptions): Promise<Consumption> {
  const { contender, messages, groups, delayMs = 0, pollers, concurrency, handler } = options;
  const emulator = await startEmulator();
  try {
    const fifo = groups !== undefined;
    // Longer than any run, so that nothing comes back for a reason of the benchmark's own.
    const { queueUrl } = await emulator.createQueue({ fifo, visibilitySeconds: 600 });
    await emulator.send(
      queueUrl,
      Array.from({ length: messages }, (_, id) => ({
        body: JSON.stringify(workEvent(id)),
        ...(groups === undefined ? {} : { group: `group-${id % groups}` }),
      })),
    );
    const input: ContenderInput = {
      contender,
      endpoint: emulator.endpoint,
      queueUrl,
      fifo,
      pollers,
      concurrency,
      handler,
      ...(options.redisUrl === undefined ? {} : { redisUrl: options.redisUrl }),
    };
    const child = await startProcess("contender-process", input);
    try {
      await emulator.setFaults({ delayMs });
      await emulator.takeCounts();
      const measured = await child.call<Measured>("consume", messages);
      const counts = await emulator.takeCounts();
      const requests = Object.values(counts).reduce((sum, count) => sum + count, 0);
      return { ...measured, messages, requests };
    } finally {
      await child.kill();
    }
  } finally {
    await emulator.stop();
  }
}

/** What every suite that consumes a queue tells. */
export function consumptionRows(name: RowName, runs: readonly Consumption[]): Row[] {
  const row = (metric: string, unit: string, of: (run: Consumption) => number): Row =>
    summarize(name, metric, unit, runs.map(of));
  return [
    row("messages per second", "1/s", (run) => run.messages / run.seconds),
    row("SQS requests per message", "1", (run) => run.requests / run.messages),
    row("client CPU per message", "µs", (run) => (run.cpuMs * 1_000) / run.messages),
    row("peak memory", "MB", (run) => run.peakRssMb),
    row("latency p50", "ms", (run) => run.latencyMs.p50),
    row("latency p99", "ms", (run) => run.latencyMs.p99),
  ];
}
