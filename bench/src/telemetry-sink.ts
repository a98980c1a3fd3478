import { openTelemetry, type Telemetry } from "@exactly-once/opentelemetry";
import { context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type SpanExporter,
} from "@opentelemetry/sdk-trace-base";

const SUCCESS = 0;

/** The real SDK, batching as in production, with exporters that cost nothing. */
export function telemetryIntoSink(): Telemetry {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const spans: SpanExporter = {
    export: (_, done) => {
      done({ code: SUCCESS });
    },
    shutdown: () => Promise.resolve(),
  };
  const metrics: PushMetricExporter = {
    export: (_, done) => {
      done({ code: SUCCESS });
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
    selectAggregationTemporality: () => AggregationTemporality.CUMULATIVE,
  };
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [new BatchSpanProcessor(spans)],
  });
  const reader = new PeriodicExportingMetricReader({ exporter: metrics });
  const meterProvider = new MeterProvider({ readers: [reader] });
  return openTelemetry({ queue: "bench", tracerProvider, meterProvider });
}
