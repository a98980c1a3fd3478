import { createConsumer, type Consumer } from "./consumer.js";
import type { ConsumerOptions } from "./options.js";
import type { ConsumerEvent } from "../events.js";
import type { HandlerContext } from "../pipeline/handler-context.js";
import { memoryStore, type MemoryStore } from "../memory-store/memory-store.js";
import { definePipeline, type Pipeline, type PipelineDefinition } from "../pipeline/pipeline.js";
import type { Attempt, DedupeStore, Outcome, Randomness, Sender } from "../ports/index.js";
import { createVirtualClock, type VirtualClock } from "../testing/virtual-clock.js";
import { memoryQueue, type MemoryQueue } from "../testing/memory-queue.js";
import { z } from "zod";

/** What the test's provider took, and what it is told to do with the next sends. */
export interface PostOffice extends Sender<Letter, Letter> {
  /** Letters the provider accepted, in order. */
  readonly accepted: { readonly letter: Letter; readonly attemptId: string }[];
  /** Requests that reached it. */
  requests: number;
  /** Consulted for each request; `undefined` accepts. */
  behaviour: (request: number, letter: Letter, attempt: Attempt) => Reaction;
}

export type Reaction =
  | undefined
  | Outcome
  /** Accepted, but the caller never learns. */
  | "acceptSilently"
  | Promise<Outcome | "acceptSilently" | undefined>;

export interface Letter {
  readonly to: string;
  readonly text: string;
}

export const letterEvent = z.object({ id: z.string(), to: z.string(), text: z.string() });
export type LetterEvent = z.infer<typeof letterEvent>;

export function postOffice(clock: VirtualClock): PostOffice {
  const office: PostOffice = {
    accepted: [],
    requests: 0,
    behaviour: () => undefined,
    validityMs: 5 * 60_000,
    prepare: async (letter) => letter,
    summarize: (letter) => ({ recipients: [letter.to], contentDigest: letter.text }),
    send: async (letter, attempt) => {
      office.requests += 1;
      const reaction = await office.behaviour(office.requests, letter, attempt);
      if (typeof reaction === "object") return reaction;
      office.accepted.push({ letter, attemptId: attempt.id });
      if (reaction === "acceptSilently") return { status: "unknown", reason: "reply lost" };
      const id = `mail-${office.accepted.length}`;
      return { status: "accepted", receipt: { id, at: clock.now(), via: "provider" } };
    },
  };
  return office;
}

type Effects = { readonly email: PostOffice };

export interface RigOptions {
  readonly fifo?: boolean;
  readonly maxReceiveCount?: number;
  readonly pipeline?: Partial<PipelineDefinition<typeof letterEvent, Effects>>;
  readonly consumer?: Partial<ConsumerOptions>;
  /** Pipelines beside the one of letters. */
  readonly others?: (clock: VirtualClock) => readonly Pipeline[];
  /** Puts something between the consumers and the store. */
  readonly wrapStore?: (store: DedupeStore) => DedupeStore;
}

export interface Rig {
  readonly clock: VirtualClock;
  readonly queue: MemoryQueue;
  readonly store: MemoryStore;
  readonly office: PostOffice;
  readonly pipeline: Pipeline;
  readonly consumer: Consumer;
  readonly events: ConsumerEvent[];
  /** Sends a letter event; ids default to the text. */
  send(text: string, options?: { groupId?: string; to?: string; id?: string }): string;
  /** Another consumer on the same queue and store, as another replica. */
  replica(options?: Partial<ConsumerOptions>): Consumer;
  seen<Type extends ConsumerEvent["type"]>(type: Type): Extract<ConsumerEvent, { type: Type }>[];
}

/** A whole service in memory on a virtual clock. */
export function rig(options: RigOptions = {}): Rig {
  const clock = createVirtualClock();
  const fifo = options.fifo ?? true;
  const deadLetterQueue = memoryQueue({ clock, fifo, name: fifo ? "dead.fifo" : "dead" });
  const queue = memoryQueue({
    clock,
    fifo,
    deadLetterQueue,
    maxReceiveCount: options.maxReceiveCount ?? 10,
  });
  const store = memoryStore({ clock });
  const office = postOffice(clock);
  const events: ConsumerEvent[] = [];
  const pipeline = definePipeline<typeof letterEvent, Effects>({
    name: "letters",
    schema: letterEvent,
    key: (event) => [event.id],
    effects: { email: office },
    handler: async (event, ctx: HandlerContext<Effects>) => {
      await ctx.once("email", { to: event.to, text: event.text });
    },
    ...options.pipeline,
  }) as unknown as Pipeline;
  const others = options.others?.(clock) ?? [];
  const seenStore = options.wrapStore?.(store) ?? store;
  let replicas = 0;
  let sends = 0;
  const replica = (more: Partial<ConsumerOptions> = {}): Consumer =>
    createConsumer({
      namespace: "test",
      queue,
      store: seenStore,
      pipelines: [pipeline, ...others],
      clock,
      randomness: countingRandomness((replicas += 1)),
      observe: (event) => events.push(event),
      ...options.consumer,
      ...more,
    });
  return {
    clock,
    queue,
    store,
    office,
    pipeline,
    events,
    consumer: replica(),
    replica,
    send: (text, { groupId = "g", to = "a@example.org", id = text } = {}) =>
      queue.send(JSON.stringify({ id, to, text }), {
        ...(fifo ? { groupId, dedupId: `send-${(sends += 1)}` } : {}),
      }),
    seen: (type) =>
      events.filter(
        (event): event is Extract<ConsumerEvent, { type: typeof type }> => event.type === type,
      ),
  };
}

function countingRandomness(replica: number): Randomness {
  let ids = 0;
  return { random: () => 0.5, id: () => `owner${replica}x${(ids += 1)}` };
}
