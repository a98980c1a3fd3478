import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { childInput, serve } from "./child.js";
import { clients, contenders, type ContenderName } from "./contenders/index.js";
import type { WorkEvent } from "./contenders/contender.js";
import { percentile } from "./rows.js";
import { createObservedClient } from "./sqs/observed-client.js";

/**
 * How long a handler works: always `ms`, but `slowMs` on every `every`th message. Ids from
 * {@link ContenderInput.warmUpFrom} on are done at once.
 */
export interface HandlerCost {
  readonly ms: number;
  readonly slowMs?: number;
  readonly every?: number;
}

export interface ContenderInput {
  readonly contender: ContenderName;
  readonly endpoint: string;
  readonly queueUrl: string;
  readonly fifo: boolean;
  readonly pollers: number;
  readonly concurrency: number;
  readonly handler: HandlerCost;
  readonly warmUpFrom?: number;
  readonly redisUrl?: string;
}

export interface Consume {
  readonly warmUp: number;
  readonly messages: number;
}

/** Where a process stands that shares a queue with others. */
export interface Progress {
  /** Messages whose delete was confirmed to this process. */
  readonly deleted: number;
  /** Since the process began. */
  readonly cpuMs: number;
}

export interface Measured {
  /** From the last confirmed delete of the warm-up to the last one of all. */
  readonly seconds: number;
  readonly cpuMs: number;
  /** CPU time of all processes on the machine, of what its cores have: 0 to 1. */
  readonly machineBusy: number;
  /** Since the process began. */
  readonly peakRssMb: number;
  /** Calls of the handler, the warm-up's too. */
  readonly handled: number;
  /** Put on the wire since the start, the warm-up's and the SDK's own retries too. */
  readonly requests: number;
  /** From a message's receipt to its confirmed delete. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
}

const input = childInput<ContenderInput>();
const observed = createObservedClient(input.endpoint, clients[input.contender]);
let handled = 0;

async function handle({ id }: WorkEvent): Promise<void> {
  handled += 1;
  if (id >= (input.warmUpFrom ?? Infinity)) return;
  const { ms, slowMs = ms, every = Infinity } = input.handler;
  const costMs = id % every === every - 1 ? slowMs : ms;
  if (costMs > 0) await sleep(costMs);
}

function start(): Promise<void> {
  const { contender, queueUrl, fifo, pollers, concurrency, redisUrl } = input;
  return contenders[contender]({
    client: observed.client,
    queueUrl,
    fifo,
    pollers,
    concurrency,
    ...(redisUrl === undefined ? {} : { redisUrl }),
    handle,
  });
}

serve({
  start,
  attempts: () => observed.attempts,
  progress: (): Progress => {
    const { user, system } = process.cpuUsage();
    return { deleted: observed.deleted, cpuMs: (user + system) / 1_000 };
  },
  /**
   * The clock starts when so many were deleted as the warm-up has. By then everybody's code is
   * compiled, connections are open and nothing of the process's start is counted.
   */
  consume: async ({ warmUp, messages }: Consume): Promise<Measured> => {
    await start();
    await observed.untilDeleted(warmUp);
    const cpu = process.cpuUsage();
    const machine = machineTimes();
    const startedAt = performance.now();
    await observed.untilDeleted(warmUp + messages);
    const seconds = (performance.now() - startedAt) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    const { idle, all } = machineTimes();
    const latencies = observed.latencies.slice(warmUp);
    return {
      seconds,
      cpuMs: (user + system) / 1_000,
      machineBusy: 1 - (idle - machine.idle) / (all - machine.all),
      peakRssMb: process.resourceUsage().maxRSS / 1_024,
      handled,
      requests: observed.attempts,
      latencyMs: { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) },
    };
  },
});

/** Milliseconds of all cores together, since the machine started. */
function machineTimes(): { readonly idle: number; readonly all: number } {
  let [idle, all] = [0, 0];
  for (const { times } of cpus()) {
    idle += times.idle;
    all += Object.values(times).reduce((sum, ms) => sum + ms, 0);
  }
  return { idle, all };
}
