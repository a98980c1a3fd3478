import { openTelemetry, type Telemetry } from "@exactly-once/opentelemetry";
import { context, metrics, propagation } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { setGlobalErrorHandler, W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { setTimeout as sleep } from "node:timers/promises";

/** What a collector gets for one export; after that it is given up, and told. */
const EXPORT_MS = 5_000;
/** What is left at the end gets so long to go out. */
const STOP_MS = 2_000;

/** Where spans and metrics go. */
export interface ServiceTelemetry {
  /** Of the consumer of a queue. */
  of(queueUrl: string): Telemetry;
  /** Exports what is left, for two seconds at most. Never rejects. */
  stop(): Promise<void>;
}

/**
 * Exports spans and metrics over OTLP to a collector. One that is away, slow or refuses is told and costs
 * what it didn't take: messages go on.
 *
 * @param endpoint of the collector: `http://localhost:4318`
 */
export function startTelemetry(
  endpoint: string,
  serviceName: string,
  onFault: (error: unknown) => void,
): ServiceTelemetry {
  const url = endpoint.replace(/\/+$/, "");
  const resource = resourceFromAttributes({ "service.name": serviceName });
  const traces = new OTLPTraceExporter({ url: `${url}/v1/traces`, timeoutMillis: EXPORT_MS });
  const tracerProvider = new BasicTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(traces, { exportTimeoutMillis: EXPORT_MS })],
  });
  const exporter = new OTLPMetricExporter({ url: `${url}/v1/metrics`, timeoutMillis: EXPORT_MS });
  const reader = new PeriodicExportingMetricReader({ exporter, exportTimeoutMillis: EXPORT_MS });
  const meterProvider = new MeterProvider({ resource, readers: [reader] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  metrics.setGlobalMeterProvider(meterProvider);
  setGlobalErrorHandler(onFault);

  return {
    of: (queueUrl) => {
      const queue = queueUrl.slice(queueUrl.lastIndexOf("/") + 1);
      return openTelemetry({ queue, tracerProvider, meterProvider });
    },
    stop: async () => {
      const ended = new AbortController();
      const late = sleep(STOP_MS, undefined, { signal: ended.signal });
      const flushed = Promise.allSettled([tracerProvider.shutdown(), meterProvider.shutdown()]);
      await Promise.race([flushed, late.catch(() => undefined)]);
      ended.abort();
      context.disable();
      propagation.disable();
      metrics.disable();
    },
  };
}
