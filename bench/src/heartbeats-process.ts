import {
  type Consumer,
  createConsumer,
  definePipeline,
  memoryStore,
  type MessageQueue,
} from "@exactly-once/core";
import { type Clock, type QueueMessage, systemClock } from "@exactly-once/core/ports";
import { createVirtualClock } from "@exactly-once/core/testing";
import { z } from "zod";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { childInput, serve } from "./child.js";
import { seededChance } from "./seeded-chance.js";

export interface HeartbeatsInput {
  readonly inFlight: number;
  readonly minutes: number;
  readonly visibilityMs: number;
  /** Share of the extend calls that fail. */
  readonly failing: number;
  readonly seed: number;
}

export interface Heartbeats {
  readonly requestsPerMinute: number;
  readonly lost: number;
  readonly cpuMsPerMinute: number;
}

export interface LoopDelay {
  /** Milliseconds by which the loop was late. */
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** How often the loop is looked at; what the histogram tells includes it. */
const RESOLUTION_MS = 5;

const input = childInput<HeartbeatsInput>();
serve({
  keep: () => keep(input),
  delay: () => loopDelay(input),
});

/** The consumer's own lease keeper on a virtual clock. */
async function keep(of: HeartbeatsInput): Promise<Heartbeats> {
  const { minutes, visibilityMs } = of;
  const clock = createVirtualClock();
  const seen = { requests: 0, lost: 0 };
  const consumer = holding(of, clock, seen);
  await consumer.start();
  // Everything is received and has been extended once before the counting begins.
  await clock.advance(2 * visibilityMs);
  seen.requests = 0;
  const cpu = process.cpuUsage();
  await clock.advance(minutes * 60_000);
  const { user, system } = process.cpuUsage(cpu);
  const result = {
    requestsPerMinute: seen.requests / minutes,
    lost: seen.lost,
    cpuMsPerMinute: (user + system) / 1_000 / minutes,
  };
  await clock.run(consumer.stop({ deadlineMs: 1_000 }));
  return result;
}

/** The same in real time, since a virtual clock knows no lateness. */
async function loopDelay(of: HeartbeatsInput): Promise<LoopDelay> {
  const consumer = holding(of, systemClock(), { requests: 0, lost: 0 });
  await consumer.start();
  await sleep(2 * of.visibilityMs);
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  await sleep(of.minutes * 60_000);
  histogram.disable();
  const late = (ns: number): number => Math.max(0, ns / 1e6 - RESOLUTION_MS);
  // The process ends with its harness; messages that don't end would only delay a stop.
  return { p99Ms: late(histogram.percentile(99)), maxMs: late(histogram.max) };
}

/** A consumer whose messages don't end, on a queue some of whose extend calls fail. */
function holding(
  { inFlight, visibilityMs, failing, seed }: HeartbeatsInput,
  clock: Clock,
  seen: { requests: number; lost: number },
): Consumer {
  const chance = seededChance(seed);
  let handedOut = 0;
  const queue: MessageQueue = {
    describe: () =>
      Promise.resolve({ name: "q", fifo: false, deadLetter: { name: "d", maxReceiveCount: 10 } }),
    receive: async ({ max, waitMs, signal }) => {
      const batch = Array.from({ length: Math.min(max, inFlight - handedOut) }, () =>
        message((handedOut += 1)),
      );
      // A little apart, as real receives are.
      await clock.sleep(batch.length > 0 ? 15 : waitMs, signal);
      return batch;
    },
    extend: (items) => {
      seen.requests += 1;
      if (chance() < failing) return Promise.reject(new Error("planned"));
      return Promise.resolve(items.map(() => "ok" as const));
    },
    acknowledge: (items) => Promise.resolve(items.map(() => "ok" as const)),
    retryLater: (items) => Promise.resolve(items.map(() => "ok" as const)),
    deadLetter: () => Promise.resolve("copied"),
  };
  return createConsumer({
    namespace: "bench",
    queue,
    store: memoryStore({ clock }),
    clock,
    concurrency: inFlight,
    visibilityMs,
    pipelines: [
      definePipeline({
        name: "work",
        schema: z.object({ id: z.number() }),
        key: ({ id }) => [id],
        effects: {},
        maxProcessingMs: 6 * 60 * 60_000,
        handler: (_, { signal }) =>
          new Promise<void>((resolve) => {
            signal.addEventListener("abort", () => resolve());
          }),
      }),
    ],
    observe: (event) => {
      if (event.type === "leaseLost") seen.lost += 1;
    },
  });
}

function message(id: number): QueueMessage {
  const body = JSON.stringify({ id });
  return {
    id: `m-${id}`,
    handle: `h-${id}`,
    body,
    attributes: {},
    sentAt: 0,
    receiveCount: 1,
  };
}
