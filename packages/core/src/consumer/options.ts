import type { Select } from "../message/admit.js";
import type { Decoder } from "../pipeline/decode.js";
import { json } from "../pipeline/decode.js";
import type { Delivery } from "../pipeline/delivery.js";
import { ConfigurationError } from "../errors.js";
import type { Observer } from "../events.js";
import { MAX_VISIBILITY_MS } from "../ports/message-queue.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import type { Clock, DedupeStore, MessageQueue, Randomness } from "../ports/index.js";
import { systemClock, systemRandomness } from "../timing/system-clock.js";

export interface ConsumerOptions {
  /** One per service: part of every key. No default, since two services must not share keys. */
  readonly namespace: string;
  readonly queue: MessageQueue;
  readonly store: DedupeStore;
  readonly pipelines: readonly Pipeline[];
  /** Which pipeline takes an event. Default: the only one. Required with several. */
  readonly select?: Select;
  /** Default `json()`. */
  readonly decode?: Decoder;
  /** Handlers at a time, and messages received at a time. Default 10. */
  readonly concurrency?: number;
  /** Milliseconds of visibility asked for on receive and on each extension. Default 60,000. */
  readonly visibilityMs?: number;
  /** Long-poll time, ms. Default a third of the visibility, at most 20,000. */
  readonly waitMs?: number;
  /** Receives under way at a time while the queue is full. Default: enough for the concurrency. */
  readonly maxPollers?: number;
  /**
   * Tries after which a message is dead-lettered by us. Default: one fewer than the queue's own
   * `maxReceiveCount`, so that ours comes first.
   */
  readonly maxReceives?: number;
  /** Runs with a queue that has no dead-letter queue: what can't be handled then comes back for ever. */
  readonly allowNoDeadLetterQueue?: boolean;
  /** Default `live`. */
  readonly delivery?: Delivery;
  /** Awaited before the first receive: warm caches. */
  readonly ready?: () => Promise<void>;
  /** Keys the digests of recipients and content. Default: the namespace, which hides little. */
  readonly digestSecret?: string;
  readonly observe?: Observer;
  readonly clock?: Clock;
  readonly randomness?: Randomness;
}

export interface ConsumerSettings {
  readonly namespace: string;
  readonly pipelines: ReadonlyMap<string, Pipeline>;
  readonly select: Select;
  readonly decode: Decoder;
  readonly concurrency: number;
  readonly visibilityMs: number;
  readonly waitMs: number;
  readonly maxPollers: number;
  readonly delivery: Delivery;
  readonly digestSecret: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

/** Checks the options and fills in the defaults. */
export function consumerSettings(options: ConsumerOptions): ConsumerSettings {
  const { namespace, concurrency = 10, visibilityMs = 60_000 } = options;
  const pipelines = new Map(options.pipelines.map((pipeline) => [pipeline.name, pipeline]));
  const [only] = options.pipelines;
  require_(
    /^[A-Za-z0-9_-]{1,100}$/.test(namespace),
    "namespace must be 1 to 100 of [A-Za-z0-9_-].",
  );
  require_(only !== undefined, "pipelines is empty: pass at least one.");
  require_(pipelines.size === options.pipelines.length, "two pipelines have the same name.");
  require_(
    options.select !== undefined || pipelines.size === 1,
    "several pipelines need select(decoded) to name the one that takes an event.",
  );
  require_(Number.isInteger(concurrency) && concurrency >= 1, "concurrency must be at least 1.");
  require_(
    visibilityMs >= 1_000 && visibilityMs <= MAX_VISIBILITY_MS / 2,
    "visibilityMs must be between 1,000 and 21,600,000 (6 hours).",
  );
  const waitMs = options.waitMs ?? Math.min(20_000, Math.floor(visibilityMs / 3));
  require_(waitMs >= 0 && waitMs <= 20_000, "waitMs must be between 0 and 20,000.");
  require_(waitMs < visibilityMs / 2, "waitMs must be less than half of visibilityMs.");
  return {
    namespace,
    pipelines,
    select: options.select ?? (() => only?.name),
    decode: options.decode ?? json(),
    concurrency,
    visibilityMs,
    waitMs,
    maxPollers: options.maxPollers ?? Math.min(10, Math.ceil(concurrency / 10)),
    delivery: options.delivery ?? "live",
    digestSecret: options.digestSecret ?? namespace,
    clock: options.clock ?? systemClock(),
    randomness: options.randomness ?? systemRandomness(),
  };
}

function require_(condition: boolean, message: string): void {
  if (!condition) throw new ConfigurationError(`createConsumer: ${message}`);
}
