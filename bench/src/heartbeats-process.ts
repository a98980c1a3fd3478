import {
  createConsumer,
  definePipeline,
  memoryStore,
  type MessageQueue,
  type QueueMessage,
} from "@exactly-once/core";
import { createVirtualClock } from "@exactly-once/core/testing";
import { z } from "zod";
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

const input = childInput<HeartbeatsInput>();
serve({ keep: () => keep(input) });

/** The consumer's own lease keeper on a virtual clock, with messages that don't end. */
async function keep({
  inFlight,
  minutes,
  visibilityMs,
  failing,
  seed,
}: HeartbeatsInput): Promise<Heartbeats> {
  const clock = createVirtualClock();
  const chance = seededChance(seed);
  let handedOut = 0;
  let requests = 0;
  let lost = 0;

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
      requests += 1;
      if (chance() < failing) return Promise.reject(new Error("planned"));
      return Promise.resolve(items.map(() => "ok" as const));
    },
    acknowledge: (items) => Promise.resolve(items.map(() => "ok" as const)),
    retryLater: (items) => Promise.resolve(items.map(() => "ok" as const)),
    deadLetter: () => Promise.resolve("copied"),
  };
  const consumer = createConsumer({
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
          new Promise((resolve) => {
            signal.addEventListener("abort", () => resolve());
          }),
      }),
    ],
    observe: (event) => {
      if (event.type === "leaseLost") lost += 1;
    },
  });
  await consumer.start();
  // Everything is received and has been extended once before the counting begins.
  await clock.advance(2 * visibilityMs);
  requests = 0;
  const cpu = process.cpuUsage();
  await clock.advance(minutes * 60_000);
  const { user, system } = process.cpuUsage(cpu);
  const result = {
    requestsPerMinute: requests / minutes,
    lost,
    cpuMsPerMinute: (user + system) / 1_000 / minutes,
  };
  await clock.run(consumer.stop({ deadlineMs: 1_000 }));
  return result;
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
