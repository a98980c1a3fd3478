import type { Consume, ContenderInput, HandlerCost, Measured } from "../contender-process.js";
import { workEvent } from "../contenders/contender.js";
import { bareSdk } from "../contenders/bare-sdk.js";
import { contenders, type ContenderName } from "../contenders/index.js";
import { startProcess } from "../processes.js";
import { summarize, type Row, type RowName } from "../rows.js";
import { startEmulator } from "../sqs/emulator.js";
import { startSqs, type EmulatorName } from "../sqs/emulators.js";
import type { SqsServer } from "../sqs/server.js";

export interface Consumption extends Measured {
  /** Those on the clock. */
  readonly messages: number;
  readonly warmUp: number;
}

export interface ConsumeOptions {
  readonly contender: ContenderName;
  /** Those on the clock. */
  readonly messages: number;
  /** On top; handled at once before the clock starts, whatever the handler costs otherwise. */
  readonly warmUp: number;
  readonly pollers: number;
  readonly concurrency: number;
  readonly handler: HandlerCost;
  /** FIFO with so many groups; a standard queue without. */
  readonly groups?: number;
  /** Milliseconds added to each SQS call; only fauxqs does that. */
  readonly delayMs?: number;
  readonly redisUrl?: string;
  /** Default fauxqs. */
  readonly emulator?: EmulatorName;
}

/** One run: a queue with a backlog, and one contender in its own process until it is empty. */
export async function consume(options: ConsumeOptions): Promise<Consumption> {
  const sqs = await start(options);
  try {
    const { groups, messages, warmUp } = options;
    const fifo = groups !== undefined;
    // Longer than any run, so that nothing comes back for a reason of the benchmark's own.
    const { queueUrl } = await sqs.createQueue({ fifo, visibilitySeconds: 600 });
    const onTheClock = Array.from({ length: messages }, (_, id) => id);
    const before = Array.from({ length: warmUp }, (_, index) => messages + index);
    await sqs.send(
      queueUrl,
      [...before, ...onTheClock].map((id) => ({
        body: JSON.stringify(workEvent(id)),
        ...(groups === undefined ? {} : { group: `group-${id % groups}` }),
      })),
    );
    return await consumeAll(sqs.endpoint, queueUrl, options);
  } finally {
    await sqs.stop();
  }
}

async function start({ emulator = "fauxqs", delayMs = 0 }: ConsumeOptions): Promise<SqsServer> {
  if (delayMs === 0) return startSqs(emulator);
  const fauxqs = await startEmulator();
  await fauxqs.setFaults({ delayMs });
  return fauxqs;
}

async function consumeAll(
  endpoint: string,
  queueUrl: string,
  { contender, messages, warmUp, groups, pollers, concurrency, handler, redisUrl }: ConsumeOptions,
): Promise<Consumption> {
  const input: ContenderInput = {
    contender,
    endpoint,
    queueUrl,
    fifo: groups !== undefined,
    pollers,
    concurrency,
    handler,
    warmUpFrom: messages,
    ...(redisUrl === undefined ? {} : { redisUrl }),
  };
  const child = await startProcess("contender-process", input);
  try {
    const asked: Consume = { warmUp, messages };
    const measured = await child.call<Measured>("consume", asked);
    // Who skips the work would win every row.
    if (contenders[contender] !== bareSdk && measured.handled < messages + warmUp) {
      throw new Error(`${contender} deleted messages that it hadn't handled.`);
    }
    return { ...measured, messages, warmUp };
  } finally {
    await child.kill();
  }
}

/** What every suite that consumes a queue tells. */
export function consumptionRows(name: RowName, runs: readonly Consumption[]): Row[] {
  const row = (metric: string, unit: string, of: (run: Consumption) => number): Row =>
    summarize(name, metric, unit, runs.map(of));
  return [
    row("messages per second", "1/s", (run) => run.messages / run.seconds),
    // Over all, since receives under way when the clock starts can't be told apart.
    row("SQS requests per message", "1", (run) => run.requests / (run.messages + run.warmUp)),
    row("client CPU per message", "µs", (run) => (run.cpuMs * 1_000) / run.messages),
    row("machine busy", "%", (run) => run.machineBusy * 100),
    row("peak memory", "MB", (run) => run.peakRssMb),
    row("latency p50", "ms", (run) => run.latencyMs.p50),
    row("latency p99", "ms", (run) => run.latencyMs.p99),
  ];
}
