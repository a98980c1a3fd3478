import {
  type Consumer,
  type ConsumerOptions,
  createConsumer,
  type Decoder,
  type DedupeStore,
  definePipeline,
  memoryStore,
  type MessageQueue,
  type Observer,
  PermanentError,
} from "@exactly-once/core";
import {
  optionsOf,
  type Clock,
  type ReconcileProgress,
  systemClock,
} from "@exactly-once/core/ports";
import { createTell, type ReconcileObserver } from "./reconcile-observation.js";
import { parseSesMessage, type ParsedSesMessage, type SesEventNotification } from "./ses-event.js";
import { settleEvent } from "./settle-event.js";

/** Where the events come from, and whose attempts they settle. */
export interface SesEventReconcilerOptions extends Pick<
  ConsumerOptions,
  "concurrency" | "visibilityMs" | "waitMs" | "allow" | "randomness"
> {
  /**
   * Of the service whose attempts are settled; at most 89 characters. Other services' events are
   * passed over.
   */
  readonly namespace: string;
  /** A standard queue that only events come to, subscribed to the configuration set's topic. */
  readonly queue: MessageQueue;
  /** The service's store. */
  readonly store: DedupeStore;
  /** Where to note how far events have been processed; needed for `createReconciler`. */
  readonly progress?: ReconcileProgress | undefined;
  /**
   * Gets each event of ours after it has settled its attempt, for a history of deliveries. May get
   * one more than once; where it throws, the event is tried again.
   */
  readonly onEvent?: ((event: SesEventNotification) => Promise<void> | void) | undefined;
  readonly observe?: ReconcileObserver | undefined;
  /** What happens to the queue's messages as such. */
  readonly observeQueue?: Observer | undefined;
  readonly clock?: Clock | undefined;
}

/** A consumer of SES's events. */
export interface SesEventReconciler extends Consumer {
  /** Events of our emails by type since the start; types unknown to this version by their text. */
  counts(): Readonly<Record<string, number>>;
}

/** Claims of event messages only spare work; a minute covers the copies that come close together. */
const claimRetentionMs = 60_000;

/** Types that are told apart by their own text. */
const maxCountedTypes = 100;

/** Also ends the consumer's namespace, so that its control flags aren't the service's. */
const pipelineName = "ses-events";

interface Delivered {
  readonly id: string;
  readonly parsed: Exclude<ParsedSesMessage, { readonly kind: "unreadable" }>;
}

const deliveredSchema = {
  "~standard": {
    version: 1 as const,
    vendor: "exactly-once",
    // The decoder has made it, so there is nothing left to doubt.
    validate: (value: unknown) => ({ value: value as Delivered }),
    types: undefined as { readonly input: unknown; readonly output: Delivered } | undefined,
  },
} as const;

const decode: Decoder = (body, message): Delivered => {
  const parsed = parseSesMessage(body);
  if (parsed.kind === "unreadable") {
    throw new PermanentError(`Not an SES event: ${parsed.why}.`);
  }
  return { id: message.id, parsed };
};

/**
 * Consumes SES's events from a queue and settles the attempts they are about, whatever state their
 * records are in. Every replica may run one.
 *
 * An event is only acknowledged once what it proves is stored. While the store is down, nothing is
 * received. Pausing the service's namespace stops sending, not this: evidence is always welcome.
 */
export function createSesEventReconciler(options: SesEventReconcilerOptions): SesEventReconciler {
  const { queue, store, progress, onEvent, clock = systemClock() } = options;
  const check = optionsOf("createSesEventReconciler");
  const rule = "1 to 89 of [A-Za-z0-9_-], as the service has it";
  const namespace = check.text("namespace", options.namespace, /^[A-Za-z0-9_-]{1,89}$/, rule);
  const tell = createTell(options.observe, () => clock.now());
  const counts = new Map<string, number>();

  async function process(event: SesEventNotification): Promise<void> {
    const subject = await settleEvent(event, { namespace, store, tell, now: clock.now() });
    if (subject === "foreign") return;
    await onEvent?.(event);
    // Only "Send" comes at once for every email; the others may be hours late, or never come, so
    // their arrival would say nothing about the silence of others.
    if (subject === "ours" && event.type === "Send") {
      await progress?.advance(namespace, event.acceptedAt);
    }
    const { type, typeText } = event;
    const counted = counts.has(typeText) || counts.size < maxCountedTypes ? typeText : type;
    counts.set(counted, (counts.get(counted) ?? 0) + 1);
  }

  const pipeline = definePipeline({
    name: pipelineName,
    schema: deliveredSchema,
    key: ({ id }) => [id],
    effects: {},
    tripwire: false,
    handler: async ({ parsed }, context) => {
      if (parsed.kind === "event") await process(parsed.event);
      else tell({ type: "notice" });
      context.skip("an event has no effects");
    },
  });

  const consumer = createConsumer({
    concurrency: options.concurrency ?? 20,
    visibilityMs: options.visibilityMs,
    waitMs: options.waitMs,
    allow: options.allow,
    randomness: options.randomness,
    namespace: `${namespace}-${pipelineName}`,
    ...{ queue, decode, clock },
    store: claimStore(store, clock),
    pipelines: [pipeline],
    observe: options.observeQueue,
  });
  return Object.assign(consumer, { counts: () => Object.fromEntries(counts) });
}

/**
 * Claims of event messages live in memory: settling is safe to repeat, and millions of events must
 * not fill the service's store. Control flags and the probe for outages are the service's store's,
 * so that nothing is received that could not be settled.
 */
function claimStore(store: DedupeStore, clock: Clock): DedupeStore {
  const { control: _own, ...claims } = memoryStore({ clock, retentionMs: claimRetentionMs });
  return {
    ...claims,
    read: (keys) => (keys.length === 0 ? store.read([]) : claims.read(keys)),
    ...(store.control === undefined ? {} : { control: store.control }),
  };
}
