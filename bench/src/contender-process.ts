import { setTimeout as sleep } from "node:timers/promises";
import { childInput, serve } from "./child.js";
import { contenders, type ContenderName } from "./contenders/index.js";
import type { WorkEvent } from "./contenders/contender.js";
import { percentile } from "./rows.js";
import { createObservedClient } from "./sqs/observed-client.js";

/** How long a handler works: always `ms`, but `slowMs` on every `every`th message. */
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
  readonly redisUrl?: string;
}

export interface Measured {
  /** From the start until the last delete was confirmed. */
  readonly seconds: number;
  readonly cpuMs: number;
  readonly peakRssMb: number;
  readonly handled: number;
  /** From a message's receipt to its confirmed delete. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
}

const input = childInput<ContenderInput>();
const observed = createObservedClient(input.endpoint);
let handled = 0;

async function handle({ id }: WorkEvent): Promise<void> {
  handled += 1;
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
  consume: async (messages: number): Promise<Measured> => {
    const cpu = process.cpuUsage();
    const startedAt = performance.now();
    await start();
    await observed.untilDeleted(messages);
    const seconds = (performance.now() - startedAt) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    return {
      seconds,
      cpuMs: (user + system) / 1_000,
      peakRssMb: process.resourceUsage().maxRSS / 1_024,
      handled,
      latencyMs: {
        p50: percentile(observed.latencies, 0.5),
        p99: percentile(observed.latencies, 0.99),
      },
    };
  },
});
