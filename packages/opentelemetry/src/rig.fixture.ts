import {
  createConsumer,
  definePipeline,
  memoryStore,
  type Consumer,
  type DedupeStore,
  type PipelineDefinition,
  type Sender,
} from "@exactly-once/core";
import type { Attempt, Outcome } from "@exactly-once/core/ports";
import { createVirtualClock, memoryQueue } from "@exactly-once/core/testing";
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { z } from "zod";
import { openTelemetry, type Telemetry } from "./telemetry.js";

/** Whatever is found of these in what is exported is one thing too many. */
export const PERSON = { name: "Marigold Pettigrew", address: "marigold.pettigrew@example.org" };

const event = z.object({ id: z.string(), name: z.string(), to: z.string() });

export interface Letter {
  readonly to: string;
  readonly text: string;
}

export interface RigOptions {
  readonly send?: (letter: Letter, attempt: Attempt) => Promise<Outcome>;
  readonly pipeline?: Partial<PipelineDefinition<typeof event, { email: Sender<Letter, Letter> }>>;
  readonly store?: (store: DedupeStore) => DedupeStore;
}

/** A consumer in memory, and the real SDK's spans and metrics of it. */
export function rig(options: RigOptions = {}) {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const spanExporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(spanExporter)],
  });
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const clock = createVirtualClock();
  const deadLetterQueue = memoryQueue({ clock, fifo: true, name: "dead.fifo" });
  const queue = memoryQueue({ clock, fifo: true, deadLetterQueue, maxReceiveCount: 5 });
  const store = memoryStore({ clock });
  let sent = 0;
  const mailer: Sender<Letter, Letter> = {
    prepare: (letter) => Promise.resolve(letter),
    summarize: ({ to, text }) => ({ recipients: [to], contentDigest: text, template: "letter" }),
    send: (letter, attempt) =>
      options.send?.(letter, attempt) ??
      Promise.resolve({
        status: "accepted",
        receipt: { id: `mail-${(sent += 1)}`, at: clock.now(), via: "provider" },
      }),
  };
  const telemetry: Telemetry = openTelemetry({
    ...{ queue: "letters.fifo", tracerProvider, meterProvider },
  });
  const consumer: Consumer = createConsumer({
    namespace: "test",
    ...{ queue, clock },
    store: options.store?.(store) ?? store,
    pipelines: [
      definePipeline({
        name: "letters",
        schema: event,
        key: ({ id }) => [id],
        effects: { email: mailer },
        handler: async ({ id, name, to }, ctx) => {
          trace.getTracer("handler");
          await ctx.once("email", { to, text: `Dear ${name}, ${id}` });
        },
        ...options.pipeline,
      }),
    ],
    observe: telemetry.observe,
    instrument: telemetry.instrument,
  });
  telemetry.watch(consumer);
  return {
    ...{ clock, queue, store, consumer, telemetry, tracerProvider },
    send: (id: string, attributes: Readonly<Record<string, string>> = {}) =>
      queue.send(JSON.stringify({ id, name: PERSON.name, to: PERSON.address }), {
        ...{ groupId: id, dedupId: `d-${id}-${(sent += 1)}`, attributes },
      }),
    spans: () => spanExporter.getFinishedSpans(),
    metrics: async () => {
      await reader.forceFlush();
      const exported = metricExporter.getMetrics().at(-1);
      return exported?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
    },
  };
}

/** The sum of a metric's points, of those whose attributes have these values. */
export function sumOf(
  metrics: Awaited<ReturnType<ReturnType<typeof rig>["metrics"]>>,
  name: string,
  attributes: Readonly<Record<string, string>> = {},
): number {
  const found = metrics.find(({ descriptor }) => descriptor.name === name);
  const points = (found?.dataPoints ?? []).filter((point) =>
    Object.entries(attributes).every(([key, value]) => point.attributes[key] === value),
  );
  return points.reduce((sum, { value }) => sum + countOf(value), 0);
}

/** A histogram's points count. */
function countOf(value: unknown): number {
  return typeof value === "number" ? value : (value as { readonly count: number }).count;
}
