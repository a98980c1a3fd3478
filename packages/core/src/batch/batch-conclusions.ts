import type { Admitted } from "../pipeline/admitted.js";
import { equalJitter, fullJitter } from "../timing/backoff.js";
import type { Disposition } from "../message/disposition.js";
import type { Emit, MessageFacts } from "../events.js";
import type { KeptLease } from "../leases/kept-lease.js";
import { DEFAULT_RETRY } from "../pipeline/pipeline.js";
import type { Clock, DedupeStore, MessageQueue, QueueMessage, Randomness } from "../ports/index.js";
import { retriesExhausted, type DeadLetter } from "../message/retries-exhausted.js";
import type { RunEnvironment } from "../run/run.js";

/** A sandbox can't stop receiving: an outage's messages are hidden for minutes instead, growing. */
const OUTAGE_BACKOFF = { baseMs: 2 * 60_000, maxMs: 60 * 60_000 };
const HOLD_BACKOFF = { baseMs: 60_000, maxMs: 15 * 60_000 };

export interface ConclusionsOptions {
  readonly queue: MessageQueue;
  readonly store: DedupeStore;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly emit: Emit;
  /** How many tries a message gets before we dead-letter it; `undefined` leaves it to the queue. */
  readonly maxReceives: number | undefined;
}

/** A message of an invocation, and how far it came. */
export interface Handled {
  readonly env: Pick<RunEnvironment, "onStoreFault">;
  readonly message: QueueMessage;
  readonly facts: MessageFacts;
  readonly admitted: Admitted | undefined;
  readonly lease: KeptLease | undefined;
}

/**
 * Does what was decided about a message that somebody else received. Unlike a consumer's settler it
 * holds nothing in place and deletes nothing: what doesn't leave the queue is hidden for long enough.
 */
export interface Conclusions {
  /** Whether the message may leave the queue. If not, it is released and its visibility is set. */
  conclude(handled: Handled, disposition: Disposition): Promise<boolean>;
  handBack(message: QueueMessage, delayMs: number): Promise<void>;
  handBackForOutage(message: QueueMessage): Promise<void>;
}

export function createConclusions(options: ConclusionsOptions): Conclusions {
  const { queue, store, clock, randomness, emit, maxReceives = Infinity } = options;

  async function conclude(handled: Handled, disposition: Disposition): Promise<boolean> {
    const { message, facts, admitted, lease } = handled;
    const { receiveCount } = message;
    switch (disposition.kind) {
      case "acknowledge":
        return true;
      case "deadLetter":
        return deadLetter(handled, disposition);
      case "lost":
        await release(handled);
        return false;
      case "hold": {
        await release(handled);
        const { reason, attempts } = disposition;
        emit({ type: "held", reason, attempts, ...facts });
        const growing = equalJitter(receiveCount, randomness.random(), HOLD_BACKOFF);
        await handBack(message, disposition.retryAfterMs ?? growing);
        return false;
      }
      case "retry": {
        if (disposition.counts && receiveCount >= maxReceives) {
          return deadLetter(handled, retriesExhausted(receiveCount, disposition, lease?.claim));
        }
        await release(handled);
        const { reason, error } = disposition;
        const backoff = admitted?.pipeline.retry ?? DEFAULT_RETRY;
        const delayMs =
          reason === "storeDown"
            ? outageDelay(message)
            : (disposition.delayMs ?? fullJitter(receiveCount, randomness.random(), backoff));
        const cause = error === undefined ? {} : { error };
        emit({ type: "retry", reason, delayMs, ...cause, ...facts });
        await handBack(message, delayMs);
        return false;
      }
    }
  }

  async function deadLetter(handled: Handled, letter: DeadLetter): Promise<boolean> {
    const { message, facts } = handled;
    try {
      const buried = await bury(handled, letter);
      if (buried !== "dead") return buried === "done";
      const { code, text, attemptIds } = letter;
      const copied = await queue.deadLetter(message, { code, text, attemptIds });
      if (copied === "copied") {
        emit({ type: "deadLettered", code, text, ...facts });
        return true;
      }
      if ("denied" in copied) {
        emit({ type: "deadLetterImpossible", code, why: copied.denied, ...facts });
      }
    } catch (error) {
      const delayMs = outageDelay(message);
      emit({ type: "retry", reason: "deadLetterFailed", delayMs, error, ...facts });
    }
    await handBackForOutage(message);
    return false;
  }

  /** Whether the record is dead now, done already, or can't be buried yet. */
  async function bury(handled: Handled, letter: DeadLetter): Promise<"dead" | "done" | "later"> {
    const { message, admitted, lease } = handled;
    if (!letter.bury || !admitted) return "dead";
    const claim = lease?.claim;
    const reply = await store.bury({
      key: admitted.key.digest,
      keyText: admitted.key.text,
      pipeline: admitted.pipeline.name,
      messageId: message.id,
      reason: `${letter.code}: ${letter.text}`,
      ...(claim ? { claim: { owner: claim.owner, fence: claim.fence } } : {}),
    });
    if (reply === "dead" || reply === "done") return reply;
    await release(handled);
    const waitMs = typeof reply === "object" ? reply.tooEarly - clock.now() : 60_000;
    await handBack(message, Math.max(1_000, waitMs));
    return "later";
  }

  function outageDelay(message: QueueMessage): number {
    return equalJitter(message.receiveCount, randomness.random(), OUTAGE_BACKOFF);
  }

  function handBackForOutage(message: QueueMessage): Promise<void> {
    return handBack(message, outageDelay(message));
  }

  async function handBack(message: QueueMessage, delayMs: number): Promise<void> {
    try {
      await queue.retryLater([{ message, visibilityMs: delayMs }]);
    } catch {
      // It comes back all the same when its visibility ends.
    }
  }

  async function release({ env, lease }: Handled): Promise<void> {
    if (!lease?.claim) return;
    try {
      await store.release([lease.claim]);
    } catch (error) {
      env.onStoreFault(error);
    }
    lease.unbindClaim();
  }

  return { conclude, handBack, handBackForOutage };
}
