import { decide, type Facts, type Told } from "../message/conclude.js";
import { deadLetter, type DeadLettering } from "../message/dead-letter.js";
import type { Disposition } from "../message/disposition.js";
import { repliesOf, type MessageQueue } from "../ports/index.js";
import type { RunEnvironment } from "../run/run.js";
import type { BatchMessage } from "./batch-message.js";

/**
 * Does for an invocation what `conclude.ts` decides about a message. It holds nothing in place and
 * deletes nothing: what doesn't leave the queue is hidden for long enough.
 */
export class BatchConcluder {
  readonly #env: RunEnvironment;
  readonly #queue: MessageQueue;
  readonly #maxReceives: number | undefined;
  readonly #deadLettering: DeadLettering<BatchMessage>;

  constructor(env: RunEnvironment, queue: MessageQueue, maxReceives: number | undefined) {
    this.#env = env;
    this.#queue = queue;
    this.#maxReceives = maxReceives;
    this.#deadLettering = {
      env,
      queue,
      factsOf: (message) => this.#factsOf(message),
      tell: (message, told) => {
        this.#tell(message, told);
      },
    };
  }

  /** @returns whether the message may leave the queue; if not, it was handed back */
  async conclude(message: BatchMessage, disposition: Disposition): Promise<boolean> {
    const effect = disposition.kind === "retry" ? disposition.effect : undefined;
    const decided = decide(disposition, this.#factsOf(message, effect));
    const action = await deadLetter(this.#deadLettering, message, decided);
    switch (action.kind) {
      case "leaveQueue":
        if (action.tell) this.#tell(message, action.tell);
        return true;
      case "handBack":
        this.#tell(message, action.tell);
        await this.#release(message);
        await this.#handBack(message, action.delayMs);
        return false;
      case "hold":
      case "letGo":
        await this.#release(message);
        return false;
    }
  }

  #factsOf({ message, admitted, lease }: BatchMessage, effect?: string): Facts {
    const { clock, randomness, breakers } = this.#env;
    const troubled =
      admitted && breakers.for(admitted.pipeline, effect).some(({ isClosed }) => !isClosed);
    return {
      waits: "inQueue",
      receiveCount: message.receiveCount,
      // A sandbox remembers nothing of other deliveries: there each receive counts as a try.
      tries: message.receiveCount,
      maxTries: this.#maxReceives,
      lastReceive: undefined,
      leads: false,
      pipeline: admitted?.pipeline,
      claimed: lease.claim !== undefined,
      // Since when isn't known from one invocation to the next.
      troubledForMs: troubled ? 0 : undefined,
      now: clock.now,
      random: randomness.random,
    };
  }

  async #handBack({ message, lease }: BatchMessage, delayMs: number): Promise<void> {
    const visibilityMs = Math.min(delayMs, lease.longestDelayMs);
    try {
      await this.#queue.retryLater([{ message, visibilityMs }]);
    } catch {
      // It comes back all the same when its visibility ends.
    }
  }

  async #release({ lease }: BatchMessage): Promise<void> {
    const { claim } = lease;
    if (!claim) return;
    lease.unbindClaim();
    try {
      repliesOf(await this.#env.store.release([claim]));
    } catch (error) {
      // The lease ends by itself.
      this.#env.onStoreFault(error);
    }
  }

  #tell(message: BatchMessage, told: Told): void {
    if (this.#env.emit.read) this.#env.emit({ ...told, ...message.facts() });
  }
}
