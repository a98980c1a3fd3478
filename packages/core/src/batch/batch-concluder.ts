import { countsAsTry, decide, type Facts, type Told } from "../message/conclude.js";
import { deadLetter, type DeadLettering } from "../message/dead-letter.js";
import type { Disposition } from "../message/disposition.js";
import { repliesOf, type MessageQueue } from "../ports/index.js";
import { releaseOf } from "../message/release.js";
import type { RunEnvironment } from "../run/run.js";
import type { BatchMessage } from "./batch-message.js";

/** How often a message is tried, and received. */
export interface BatchLimits {
  /** `undefined` leaves it to the queue. */
  readonly maxTries: number | undefined;
  /** The queue's own count, where it is known: what was received so often and comes back is moved by it. */
  readonly mostReceives: number | undefined;
}

/**
 * Does for an invocation what `conclude.ts` decides about a message. It holds nothing in place and
 * deletes nothing: what doesn't leave the queue is hidden for long enough.
 */
export class BatchConcluder {
  readonly #env: RunEnvironment;
  readonly #queue: MessageQueue;
  readonly #limits: BatchLimits;
  readonly #deadLettering: DeadLettering<BatchMessage>;

  constructor(env: RunEnvironment, queue: MessageQueue, limits: BatchLimits) {
    this.#env = env;
    this.#queue = queue;
    this.#limits = limits;
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
    const counts = countsAsTry(disposition, decided);
    const action = await deadLetter(this.#deadLettering, message, decided);
    switch (action.kind) {
      case "leaveQueue":
        if (action.tell) this.#tell(message, action.tell);
        return true;
      case "handBack":
        this.#tell(message, action.tell);
        await this.#release(message, counts);
        await this.#handBack(message, action.delayMs);
        return false;
      case "hold":
      case "letGo":
        await this.#release(message, counts);
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
      // Without a key there is no record, and a sandbox remembers nothing: each receive is a try then.
      tries: lease.claim?.tries ?? message.receiveCount,
      maxTries: this.#limits.maxTries,
      lastReceive: undefined,
      mostReceives: this.#limits.mostReceives,
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

  /** Gives its claim back before its handler was asked. */
  releaseUntried(message: BatchMessage): Promise<void> {
    return this.#release(message, false);
  }

  async #release({ lease }: BatchMessage, counts: boolean): Promise<void> {
    const { claim } = lease;
    if (!claim) return;
    lease.unbindClaim();
    try {
      repliesOf(await this.#env.store.release([releaseOf(claim, counts)]));
    } catch (error) {
      // The lease ends by itself.
      this.#env.onStoreFault(error);
    }
  }

  #tell(message: BatchMessage, told: Told): void {
    if (this.#env.emit.read) this.#env.emit({ ...told, ...message.facts() });
  }
}
