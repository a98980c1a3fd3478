import { fullJitter } from "../timing/backoff.js";
import { createBatcher, type Batcher } from "../timing/batcher.js";
import type { MessageQueue, QueueReply, VisibilityChange } from "../ports/index.js";
import type { RunEnvironment } from "../run/run.js";
import type { InFlightMessage } from "./in-flight-message.js";

const QUEUE_BATCH = 10;
/** Milliseconds a delete waits for company: ten of them cost one request. */
const ACKNOWLEDGE_LINGER_MS = 20;
const RETURN_LINGER_MS = 5;
const ACKNOWLEDGE_TRIES = 5;
const QUEUE_BACKOFF = { baseMs: 200, maxMs: 5_000 };

/** Tells the queue what becomes of messages, in batches. Never rejects. */
export class QueueCalls {
  readonly #env: RunEnvironment;
  readonly #acknowledges: Batcher<InFlightMessage, QueueReply>;
  readonly #returns: Batcher<VisibilityChange, QueueReply>;
  #hurried = false;

  constructor(env: RunEnvironment, queue: MessageQueue) {
    this.#env = env;
    const batch = { clock: env.clock, max: QUEUE_BATCH, stopping: env.abandon };
    this.#acknowledges = createBatcher({
      ...batch,
      lingerMs: ACKNOWLEDGE_LINGER_MS,
      call: (messages) => queue.acknowledge(messages.map(({ lease }) => lease.message)),
    });
    this.#returns = createBatcher({
      ...batch,
      lingerMs: RETURN_LINGER_MS,
      call: (items) => queue.retryLater(items),
    });
  }

  /** From now on nothing waits for company. */
  hurry(): void {
    this.#hurried = true;
    void this.#acknowledges.flush();
    void this.#returns.flush();
  }

  /** Deletes the message, and keeps its lease until that is done. */
  async acknowledge(message: InFlightMessage): Promise<void> {
    const { emit, clock, randomness, abandon } = this.#env;
    for (let tries = 1; tries <= ACKNOWLEDGE_TRIES; tries += 1) {
      let reply: QueueReply;
      try {
        const replying = this.#acknowledges.add(message);
        if (this.#hurried) void this.#acknowledges.flush();
        reply = await replying;
      } catch (error) {
        reply = { failed: error instanceof Error ? error.message : "unknown" };
      }
      if (typeof reply !== "object") break;
      emit({ type: "acknowledgeFailed", messageId: message.id, error: reply.failed });
      if (abandon.aborted) break;
      await clock.sleep(fullJitter(tries, randomness.random(), QUEUE_BACKOFF), abandon);
    }
    const extending = message.lease.drop();
    if (extending) await extending;
  }

  /** Changes the visibility once no extension is under way, which would undo it. */
  async handBack({ lease }: InFlightMessage, delayMs: number): Promise<void> {
    await lease.drop();
    try {
      const visibilityMs = Math.min(delayMs, lease.longestDelayMs);
      const returning = this.#returns.add({ message: lease.message, visibilityMs });
      if (this.#hurried) void this.#returns.flush();
      await returning;
    } catch {
      // It comes back all the same when its visibility ends.
    }
  }
}
