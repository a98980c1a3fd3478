import { createConsumer, type Consumer } from "../consumer/consumer.js";
import type { Decoder } from "../pipeline/decode.js";
import type { ConsumerEvent } from "../events.js";
import { memoryStore } from "../memory-store/memory-store.js";
import type { EffectSenders } from "../pipeline/handler-context.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import type { AttemptInfo, Outcome, Sender } from "../ports/index.js";
import { crashableProcess, type CrashPoint } from "./crashable-process.js";
import { memoryQueue } from "./memory-queue.js";
import { createVirtualClock } from "./virtual-clock.js";

/** Of a {@link testPipeline}. */
export interface TestPipelineOptions {
  /** Default: the body is the event as JSON. */
  readonly decode?: Decoder | undefined;
  /** What the provider answers; default: every send is accepted. `n` counts the sends from 1. */
  readonly outcome?: (effect: string, prepared: unknown, n: number) => Outcome | undefined;
}

/** What happens to a message on its way. */
export interface DeliverOptions {
  /** Deliver the same message this many more times, while it is handled and after. Default 0. */
  readonly redeliver?: number | undefined;
  /** The process is killed at this point of the first delivery; another one takes over. */
  readonly crashAt?: CrashPoint | undefined;
  /** Milliseconds (virtual) that each send takes; beyond the visibility a queue redelivers. */
  readonly delayMs?: number | undefined;
}

/** One request that the provider accepted. */
export interface TestedEffect {
  readonly effect: string;
  /** What the pipeline's own sender prepared. */
  readonly prepared: unknown;
  readonly attemptId: string;
}

/** What a delivery led to. */
export interface Delivered {
  /** What reached the provider and was accepted, in order. */
  readonly effects: readonly TestedEffect[];
  /** Where the message ended. `retrying`: still in the queue, to be tried again. */
  readonly disposition: "done" | "held" | "deadLettered" | "retrying";
  /** Why it was dead-lettered or is retried. */
  readonly reason?: string;
  /** Effects that need an operator or evidence. */
  readonly unresolved: readonly AttemptInfo[];
  readonly events: readonly ConsumerEvent[];
}

/** A pipeline with a queue, a store and a provider of its own. */
export interface PipelineTest {
  /** Delivers an event through the whole consumer, and resolves once nothing moves any more. */
  deliver(event: unknown, options?: DeliverOptions): Promise<Delivered>;
}

const STEP_MS = 500;
/** Virtual time after which whatever still moves is reported as it stands. */
const LIMIT_MS = 20 * 60_000;

/**
 * Runs a pipeline's real code (schema, key, handler, the senders' `prepare`) through the real
 * consumer, on a queue and a store in memory and in virtual time. Only `send` is replaced.
 *
 * The store lives as long as the test object, so that a second `deliver` of the same event shows
 * that nothing is sent again.
 */
export function testPipeline<P extends Pipeline>(
  pipeline: P,
  options: TestPipelineOptions = {},
): PipelineTest {
  const clock = createVirtualClock();
  const store = memoryStore({ clock });
  const effects: TestedEffect[] = [];
  let delayMs = 0;
  let sends = 0;
  let replicas = 0;
  let deliveries = 0;

  function recording(name: string, sender: Sender<unknown>): Sender<unknown> {
    return {
      ...sender,
      prepare: (payload) => sender.prepare(payload),
      verify: () => Promise.resolve(),
      admit: () => Promise.resolve(undefined),
      send: async (prepared, attempt) => {
        const n = (sends += 1);
        await clock.sleep(delayMs, attempt.signal);
        const outcome = options.outcome?.(name, prepared, n);
        if (outcome && outcome.status !== "accepted") return outcome;
        effects.push({ effect: name, prepared, attemptId: attempt.id });
        const receipt = { id: `test-${n}`, at: clock.now(), via: "provider" } as const;
        return outcome ?? { status: "accepted", receipt };
      },
    };
  }

  const tested: Pipeline = { ...pipeline, effects: recordingAll(pipeline.effects, recording) };

  async function deliver(event: unknown, how: DeliverOptions = {}): Promise<Delivered> {
    deliveries += 1;
    delayMs = how.delayMs ?? 0;
    const before = effects.length;
    const events: ConsumerEvent[] = [];
    const deadLetterQueue = memoryQueue({ clock, fifo: true, name: `dead-${deliveries}.fifo` });
    const queue = memoryQueue({ clock, fifo: true, deadLetterQueue, maxReceiveCount: 1_000 });
    const body = JSON.stringify(event);
    const id = queue.send(body, { groupId: "test", dedupId: "first" });
    const started: Consumer[] = [];

    async function startReplica(crashAt: CrashPoint | undefined): Promise<void> {
      const process = crashableProcess({ clock, queue, store, pipeline: tested, crashAt });
      const consumer = createConsumer({
        namespace: "test",
        queue: process.queue,
        store: process.store,
        pipelines: [process.pipeline],
        clock,
        randomness: { random: () => 0.5, id: () => `test${(replicas += 1)}` },
        maxReceives: 10,
        ...(options.decode ? { decode: options.decode } : {}),
        observe: (seen) => {
          if (!process.crashed()) events.push(seen);
        },
      });
      await clock.run(consumer.start());
      process.onCrash(() => void startReplica(undefined));
      started.push(consumer);
    }

    await startReplica(how.crashAt);
    let copies = how.redeliver ?? 0;
    for (let waited = 0; waited < LIMIT_MS; waited += STEP_MS) {
      await clock.advance(STEP_MS);
      const left = queue.messages();
      if (copies > 0) {
        copies -= 1;
        if (left.some((message) => message.id === id)) queue.redeliver(id);
        else queue.send(body, { groupId: "test", dedupId: `copy-${copies}` });
      } else if (left.length === 0 || isWaiting(started)) {
        break;
      }
    }
    const unresolved = (await store.unresolved()).items.map(({ attempt }) => attempt);
    const result = {
      effects: effects.slice(before),
      ...verdict(events, queue.messages().length, deadLetterQueue.messages().length),
      unresolved,
      events,
    };
    await clock.run(Promise.all(started.slice(-1).map((consumer) => consumer.stop())));
    return result;
  }

  return { deliver };
}

function recordingAll(
  senders: EffectSenders,
  recording: (name: string, sender: Sender<unknown>) => Sender<unknown>,
): EffectSenders {
  return Object.fromEntries(
    Object.entries(senders).map(([name, sender]) => [name, recording(name, sender)]),
  );
}

/** Everything the newest replica has is held: only evidence or an operator moves it. */
function isWaiting(started: readonly Consumer[]): boolean {
  const health = started.at(-1)?.health();
  return health !== undefined && health.held > 0 && health.running === 0;
}

function verdict(
  events: readonly ConsumerEvent[],
  left: number,
  dead: number,
): Pick<Delivered, "disposition" | "reason"> {
  if (dead > 0) {
    const letter = events.findLast((event) => event.type === "deadLettered");
    return { disposition: "deadLettered", reason: `${letter?.code ?? ""}: ${letter?.text ?? ""}` };
  }
  if (left === 0) return { disposition: "done" };
  const last = events.findLast((event) => event.type === "held" || event.type === "retry");
  if (last?.type === "held") return { disposition: "held", reason: last.reason };
  return { disposition: "retrying", ...(last ? { reason: last.reason } : {}) };
}
