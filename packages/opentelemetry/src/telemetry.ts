import type { ConsumerHealth, Instrumentation, Observer } from "@exactly-once/core";
import { optionsOf } from "@exactly-once/core/ports";
import type { UserCacheStats } from "@exactly-once/core/user-cache";
import { metrics, trace, type MeterProvider, type TracerProvider } from "@opentelemetry/api";
import { Metrics } from "./metrics.js";
import { SCHEMA_URL } from "./semantic-conventions.js";
import { createSpans } from "./spans.js";

/** Of {@link openTelemetry}. */
export interface TelemetryOptions {
  /** The queue's name, as `messaging.destination.name`: `form-updated.fifo`. */
  readonly queue: string;
  /** Default: the one that the process has registered; without one, spans cost next to nothing. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Default: likewise. */
  readonly meterProvider?: MeterProvider | undefined;
}

/** Spans and metrics of one consumer, or of one Lambda handler. */
export interface Telemetry {
  /** For the option `observe`. Where you observe as well, call both. */
  readonly observe: Observer;
  /** For the option `instrument`. */
  readonly instrument: Instrumentation;
  /**
   * Adds what the consumer's `health()` says: in flight, running, ready.
   *
   * @returns ends it
   */
  watch(consumer: { health(): ConsumerHealth }): () => void;
  /**
   * Adds the age and size of a user cache.
   *
   * @returns ends it
   */
  watchUserCache(cache: { stats(): UserCacheStats }): () => void;
}

/**
 * OpenTelemetry's view of a consumer. Make one for each, with the names of their queues.
 *
 * Spans bear ids and digests; metrics bear neither, and each attribute of theirs has at most a hundred
 * values. Nothing bears an address, a name or a body. What exporters do can't hold up a message.
 *
 * @example
 * ```ts
 * const telemetry = openTelemetry({ queue: "form-updated.fifo" });
 * const consumer = createConsumer({
 *   namespace: "tis-notifications", queue, store, pipelines: [formUpdated],
 *   observe: telemetry.observe,
 *   instrument: telemetry.instrument,
 * });
 * telemetry.watch(consumer);
 * ```
 * @throws ConfigurationError where the queue has no name
 */
export function openTelemetry(options: TelemetryOptions): Telemetry {
  const check = optionsOf("openTelemetry");
  const queue = check.text(
    "queue",
    options.queue,
    /^[^\s/:]{1,200}$/,
    "the queue's name, not its URL",
  );
  const name = "@exactly-once/opentelemetry";
  const tracer = (options.tracerProvider ?? trace).getTracer(name, undefined, {
    schemaUrl: SCHEMA_URL,
  });
  const meter = (options.meterProvider ?? metrics).getMeter(name, undefined, {
    schemaUrl: SCHEMA_URL,
  });
  const { observe, ...instrument } = createSpans(tracer, queue);
  const measured = new Metrics(meter, queue, () => Date.now());
  return {
    observe: (event) => {
      observe(event);
      measured.observe(event);
    },
    instrument,
    watch: (consumer) => measured.watch(() => consumer.health()),
    watchUserCache: (cache) => measured.watchUserCache(() => cache.stats()),
  };
}
