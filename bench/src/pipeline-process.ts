import { createConsumer, definePipeline, memoryStore, type MessageQueue } from "@exactly-once/core";
import type { QueueMessage } from "@exactly-once/core/ports";
import { hash } from "node:crypto";
import { PerformanceObserver } from "node:perf_hooks";
import { z } from "zod";
import { childInput, serve } from "./child.js";
import { telemetryIntoSink } from "./telemetry-sink.js";

export interface PipelineInput {
  readonly messages: number;
  readonly inFlight: number;
  /** With an effect: begun and settled too. */
  readonly effect: boolean;
  /** With spans and metrics of the real SDK, whose exporters take everything at once. Default false. */
  readonly telemetry?: boolean;
}

export interface PipelineMeasured {
  readonly nsPerMessage: number;
  readonly cpuNsPerMessage: number;
  /** Only where no garbage was collected meanwhile. */
  readonly bytesPerMessage: number | undefined;
  /** What this machine takes just now for a SHA-256 of some 70 bytes. */
  readonly nsPerHash: number;
}

const schema = z.object({ id: z.number() });

/** Everything of ours but the queue and the store's network, which cost nothing here. */
function consumeAll(input: PipelineInput, from: number): Promise<void> {
  const until = from + input.messages;
  let next = from;
  let acknowledged = from;
  let done: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (done = resolve));
  const ok = (): "ok" => "ok";
  const queue: MessageQueue = {
    describe: () =>
      Promise.resolve({ name: "q", fifo: false, deadLetter: { name: "d", maxReceiveCount: 9 } }),
    receive: async ({ max, signal }) => {
      const batch: QueueMessage[] = [];
      while (batch.length < max && next < until) batch.push(message(next++));
      if (batch.length === 0) {
        await new Promise((resolve) => signal?.addEventListener("abort", resolve));
      }
      return batch;
    },
    extend: (items) => Promise.resolve(items.map(ok)),
    acknowledge: (items) => {
      acknowledged += items.length;
      if (acknowledged >= until) done();
      return Promise.resolve(items.map(ok));
    },
    retryLater: (items) => Promise.resolve(items.map(ok)),
    deadLetter: () => Promise.resolve("copied"),
  };
  const consumer = createConsumer({
    namespace: "bench",
    queue,
    store,
    concurrency: input.inFlight,
    pipelines: [input.effect ? withEffect : withoutEffect],
    observe: telemetry?.observe,
    instrument: telemetry?.instrument,
  });
  return consumer
    .start()
    .then(() => finished)
    .then(() => consumer.stop());
}

const RECEIPT = { id: "r", at: 0, via: "provider" } as const;

const store = memoryStore();
const withoutEffect = definePipeline({
  name: "work",
  schema,
  key: ({ id }) => [id],
  effects: {},
  handler: (_, context) => {
    context.skip("nothing to do");
    return Promise.resolve();
  },
});
const withEffect = definePipeline({
  name: "work",
  schema,
  key: ({ id }) => [id],
  effects: {
    effect: {
      prepare: (payload: number) => Promise.resolve(payload),
      send: () => Promise.resolve({ status: "accepted", receipt: RECEIPT } as const),
    },
  },
  handler: async ({ id }, context) => {
    await context.once("effect", id);
  },
});

function message(id: number): QueueMessage {
  return {
    id: `m-${id}`,
    handle: `h-${id}`,
    body: `{"id":${id}}`,
    attributes: {},
    sentAt: 0,
    receiveCount: 1,
  };
}

/** Enough for the compiler, whatever is measured after; with many in flight it takes three seconds. */
const WARM_UP = 200_000;

async function measure(input: PipelineInput): Promise<PipelineMeasured> {
  await consumeAll({ ...input, messages: WARM_UP, inFlight: Math.max(100, input.inFlight) }, 0);
  globalThis.gc?.();
  const collections = watchCollections();
  const heap = process.memoryUsage().heapUsed;
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await consumeAll(input, WARM_UP);
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  const grown = process.memoryUsage().heapUsed - heap;
  return {
    nsPerMessage: (ms * 1e6) / input.messages,
    cpuNsPerMessage: ((user + system) * 1e3) / input.messages,
    bytesPerMessage: (await collections.count()) === 0 ? grown / input.messages : undefined,
    nsPerHash: timeHashes(),
  };
}

const HASHES = 50_000;

/** A yardstick, since the same code takes up to twice as long on another day's machine. */
function timeHashes(): number {
  const text = "0123456789".repeat(6);
  const startedAt = performance.now();
  for (let at = 0; at < HASHES; at += 1) hash("sha256", `${text}-${at}`);
  return ((performance.now() - startedAt) * 1e6) / HASHES;
}

function watchCollections(): { count(): Promise<number> } {
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  observer.observe({ entryTypes: ["gc"] });
  return {
    // Entries come a turn of the loop late.
    count: async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      observer.disconnect();
      return collections;
    },
  };
}

const input = childInput<PipelineInput>();
const telemetry = input.telemetry ? telemetryIntoSink() : undefined;
serve({ measure: () => measure(input) });
