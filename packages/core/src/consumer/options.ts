import type { Select } from "../message/admit.js";
import type { Decoder } from "../pipeline/decode.js";
import { json } from "../pipeline/decode.js";
import type { Delivery } from "../pipeline/delivery.js";
import type { Observer } from "../events.js";
import type { Instrumentation } from "../pipeline/instrumentation.js";
import { optionsOf, type OptionChecks } from "../options.js";
import { MAX_VISIBILITY_MS } from "../ports/message-queue.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import type { Clock, DedupeStore, MessageQueue, Randomness } from "../ports/index.js";
import { systemClock, systemRandomness } from "../timing/system-clock.js";

/** What a consumer is made of. */
export interface ConsumerOptions {
  /** One per service: part of every key. No default, since two services must not share keys. */
  readonly namespace: string;
  readonly queue: MessageQueue;
  readonly store: DedupeStore;
  readonly pipelines: readonly Pipeline[];
  /** Which pipeline takes an event. Default: the only one. Required with several. */
  readonly select?: Select | undefined;
  /** Default `json()`. */
  readonly decode?: Decoder | undefined;
  /** Handlers at a time, and messages received at a time. Default 10. */
  readonly concurrency?: number | undefined;
  /** Milliseconds of visibility asked for on receive and on each extension. Default 60,000. */
  readonly visibilityMs?: number | undefined;
  /** Long-poll time, ms. Default a third of the visibility, at most 20,000. */
  readonly waitMs?: number | undefined;
  /** Receives under way at a time while the queue is full. Default: enough for the concurrency. */
  readonly maxPollers?: number | undefined;
  /**
   * Messages of one pipeline that wait in place at a time, those behind them in their FIFO groups included:
   * more go back to the queue for minutes, growing. Default 1,000.
   */
  readonly maxHeld?: number | undefined;
  /**
   * Tries after which a message is dead-lettered by us, whichever replica made them: at most the queue's own
   * `maxReceiveCount`. Default: one fewer than that, so that ours comes first.
   */
  readonly maxTries?: number | undefined;
  /**
   * Faults of the deployment to start with all the same, by their codes: `["NO_PERSISTENCE"]`. What each
   * leads to stands in the error that it is refused with. Default: none.
   */
  readonly allow?: readonly string[] | undefined;
  /** Default `live`. */
  readonly delivery?: Delivery | undefined;
  /**
   * Awaited before the first receive, to warm caches: `ready: () => cache.ready()`. A rejection, or
   * `false`, ends the start.
   */
  readonly ready?: (() => Promise<unknown>) | undefined;
  /** Keys the digests of recipients and content. Default: the namespace, which hides little. */
  readonly digestSecret?: string | undefined;
  readonly observe?: Observer | undefined;
  /** A context for what runs for a message, such as a tracer's. */
  readonly instrument?: Instrumentation | undefined;
  readonly clock?: Clock | undefined;
  readonly randomness?: Randomness | undefined;
}

/** What both hosts take: the consumer, and the batch processor. */
export type HostOptions = Omit<
  ConsumerOptions,
  "concurrency" | "maxHeld" | "visibilityMs" | "waitMs" | "maxPollers" | "ready"
>;

export interface HostSettings {
  readonly namespace: string;
  readonly queue: MessageQueue;
  readonly store: DedupeStore;
  readonly pipelines: ReadonlyMap<string, Pipeline>;
  readonly select: Select;
  readonly decode: Decoder;
  readonly maxTries: number | undefined;
  readonly allow: readonly string[];
  readonly delivery: Delivery;
  readonly digestSecret: string;
  readonly instrument: Instrumentation | undefined;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

export interface ConsumerSettings extends HostSettings {
  readonly concurrency: number;
  readonly maxHeld: number;
  readonly visibilityMs: number;
  readonly waitMs: number;
  readonly maxPollers: number;
}

const MOST_AT_A_TIME = 100_000;
const MOST_POLLERS = 1_000;

/** Checks the options of `createConsumer` and fills in the defaults. */
export function consumerSettings(options: ConsumerOptions): ConsumerSettings {
  const check = optionsOf("createConsumer");
  const concurrency = check.integer("concurrency", options.concurrency ?? 10, {
    from: 1,
    to: MOST_AT_A_TIME,
  });
  const visibilityMs = check.ms("visibilityMs", options.visibilityMs ?? 60_000, {
    from: 1_000,
    to: MAX_VISIBILITY_MS / 2,
  });
  // Longer would leave too little of the visibility for what arrives at the end of a poll.
  const longestWaitMs = Math.min(20_000, Math.ceil(visibilityMs / 2) - 1);
  check.callback("ready", options.ready, { optional: true });
  return {
    ...hostSettings(check, options),
    concurrency,
    maxHeld: check.integer("maxHeld", options.maxHeld ?? 1_000, { from: 1, to: MOST_AT_A_TIME }),
    visibilityMs,
    waitMs: check.ms("waitMs", options.waitMs ?? Math.min(20_000, Math.floor(visibilityMs / 3)), {
      from: 0,
      to: longestWaitMs,
    }),
    maxPollers: check.integer(
      "maxPollers",
      options.maxPollers ?? Math.min(10, Math.ceil(concurrency / 10)),
      { from: 1, to: MOST_POLLERS },
    ),
  };
}

/** Of what leads from a message to its key. */
export function admissionSettings(
  check: OptionChecks,
  options: Pick<HostOptions, "namespace" | "pipelines" | "select" | "decode">,
): Pick<HostSettings, "namespace" | "pipelines" | "select" | "decode"> {
  const namespace = check.namespace(options.namespace);
  const pipelines = pipelinesByName(check, options.pipelines);
  const [only] = pipelines.keys();
  if (options.select === undefined && pipelines.size > 1) {
    check.refuse("several pipelines need select(decoded) to name the one that takes an event.");
  }
  check.callback("select", options.select, { optional: true });
  check.callback("decode", options.decode, { optional: true });
  const { select = () => only, decode = json() } = options;
  return { namespace, pipelines, select, decode };
}

/** Checks what every host takes, and fills in the defaults. */
export function hostSettings(check: OptionChecks, options: HostOptions): HostSettings {
  const admission = admissionSettings(check, options);
  check.callback("observe", options.observe, { optional: true });
  for (const around of ["turn", "attempt"] as const) {
    check.callback(`instrument.${around}`, options.instrument?.[around], { optional: true });
  }
  return {
    ...admission,
    queue: check.methods("queue", options.queue, QUEUE_METHODS, "a queue, such as sqsQueue({ … })"),
    store: check.methods(
      "store",
      options.store,
      STORE_METHODS,
      "a store, such as redisStore({ … })",
    ),
    maxTries:
      options.maxTries === undefined
        ? undefined
        : check.integer("maxTries", options.maxTries, { from: 1, to: 1_000_000 }),
    allow: checkedCodes(check, options.allow ?? []),
    delivery: checkedDelivery(check, options.delivery ?? "live"),
    digestSecret: check.text(
      "digestSecret",
      options.digestSecret ?? admission.namespace,
      /^.+$/s,
      "a text that isn't empty",
    ),
    instrument: options.instrument,
    clock: options.clock ?? systemClock(),
    randomness: options.randomness ?? systemRandomness(),
  };
}

const QUEUE_METHODS = [
  "describe",
  "receive",
  "extend",
  "acknowledge",
  "retryLater",
  "deadLetter",
] as const satisfies (keyof MessageQueue)[];

const STORE_METHODS = [
  "claim",
  "extend",
  "begin",
  "settle",
  "complete",
  "release",
  "bury",
  "resolve",
  "unresolved",
  "read",
] as const satisfies (keyof DedupeStore)[];

function pipelinesByName(
  check: OptionChecks,
  pipelines: readonly Pipeline[],
): ReadonlyMap<string, Pipeline> {
  const given: unknown = pipelines;
  if (!Array.isArray(given) || given.length === 0) {
    check.refuse("pipelines is empty or no array; pass at least one of definePipeline({ … }).");
  }
  const byName = new Map<string, Pipeline>();
  for (const [index, pipeline] of pipelines.entries()) {
    const made = check.methods(`pipelines[${index}]`, pipeline, ["key", "handler"], "a pipeline");
    if (typeof (made as Partial<Pipeline>).retry !== "object") {
      check.refuse(`pipelines[${index}] isn't checked yet; make it with definePipeline({ … }).`);
    }
    if (byName.has(made.name)) check.refuse(`two pipelines have the name ${made.name}.`);
    byName.set(made.name, made);
  }
  return byName;
}

/** Which codes there are is the store's and the queue's own: one that is never found allows nothing. */
function checkedCodes(check: OptionChecks, allow: readonly string[]): readonly string[] {
  const given: unknown = allow;
  if (!Array.isArray(given)) check.refuse('allow is no array; give codes, such as ["EVICTION"].');
  return allow.map((code, index) =>
    check.text(`allow[${index}]`, code, /^[A-Z][A-Z0-9_]{0,79}$/, 'a code, such as "EVICTION"'),
  );
}

function checkedDelivery(check: OptionChecks, delivery: Delivery): Delivery {
  if (typeof delivery === "string") {
    return check.oneOf("delivery", delivery, ["live", "dry-run"]);
  }
  check.oneOf("delivery.mode", delivery.mode, ["allowlist"]);
  check.callback("delivery.allow", delivery.allow);
  return delivery;
}
