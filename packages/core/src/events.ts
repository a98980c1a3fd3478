import type {
  AttemptInfo,
  DeadInfo,
  DeploymentFinding,
  Receipt,
  Clock,
  Randomness,
} from "./ports/index.js";

/** What every event about a message bears: ids and digests, never addresses, names or bodies. */
export interface MessageFacts {
  readonly messageId: string;
  readonly pipeline?: string;
  /** The key's digest. */
  readonly key?: string;
  readonly groupId?: string;
  readonly receiveCount: number;
}

/** Why a message goes back to the queue for another try. */
export type RetryReason =
  | "error"
  | "deferred"
  | "unsettled"
  | "rejected"
  | "throttled"
  /** Its provider is in trouble, or probes are under way: nothing was begun. */
  | "providerDown"
  | "storeDown"
  | "paused"
  | "draining"
  | "sibling"
  | "decoderFault"
  /** Its key's record can't be read by this release; `error` says why. */
  | "unreadable"
  | "deadLetterFailed";

/** Why a message waits in place, without a worker and without burning receives. */
export type HoldReason =
  | "unknown"
  | "tripwire"
  | "busy"
  | "paused"
  | "deadLetter"
  | "storeDown"
  | "throttled"
  | "providerDown"
  /** It was deferred at its last receive, or with others of its group behind it. */
  | "deferred"
  /** It failed, and is tried again here: with others of its group behind it, or at its last receive. */
  | "backOff"
  /** It can't be copied to the dead-letter queue just now, or isn't permitted to be. */
  | "deadLetterFailed"
  /** The record of its key can't be read, and it was received for the last time. */
  | "unreadable";

/** Why a handler's right to go on ended. */
export type LossReason =
  "visibility" | "claim" | "unconfirmed" | "maxVisibility" | "maxProcessing" | "drain";

/** Where an event comes from, so that what is missing of a stream can be seen. */
export interface EventOrigin {
  /** Wall-clock milliseconds. */
  readonly at: number;
  /** The consumer or batch processor that tells it: a random id of its own. */
  readonly source: string;
  /** From 1 on, one more with each event of this source. */
  readonly seq: number;
}

/**
 * Everything that happens, as one typed stream. Logs, metrics, traces, pages and tests are readers
 * of it, and all of it is plain data but for errors: `serializeEvent` writes a line of it, which
 * `exactly-once verify` reads.
 */
export type ConsumerEvent = EventOrigin &
  (
    | { readonly type: "started"; readonly queue: string }
    /**
     * Its check at start found the provider away: it is made again, and nothing is received till then. In
     * Lambda, without `retryInMs`, the next invocation makes it, and messages are handled meanwhile.
     */
    | { readonly type: "senderUnavailable"; readonly error: unknown; readonly retryInMs?: number }
    /** Lambda only: the queue couldn't be asked for its own limit; the next invocation asks again. */
    | { readonly type: "describeFailed"; readonly error: unknown }
    /** The store couldn't be asked for its settings, likewise. */
    | { readonly type: "storeUnavailable"; readonly error: unknown; readonly retryInMs?: number }
    /** What the checks at start found, and started with all the same: `allowed` by name, or a warning. */
    | ({
        readonly type: "deploymentFinding";
        readonly subject: "queue" | "store";
        readonly allowed: boolean;
      } & DeploymentFinding)
    | { readonly type: "draining"; readonly inFlight: number }
    | { readonly type: "stopped" }
    | { readonly type: "received"; readonly count: number }
    | { readonly type: "receiveFailed"; readonly error: unknown; readonly retryInMs: number }
    | ({ readonly type: "redeliveredWhileRunning" } & MessageFacts)
    | ({ readonly type: "claimed"; readonly owner: string; readonly fence: number } & MessageFacts)
    | ({
        readonly type: "attemptBegun";
        readonly attemptId: string;
        readonly effect: string;
      } & MessageFacts)
    | ({
        readonly type: "attemptSettled";
        readonly attemptId: string;
        readonly effect: string;
        readonly status: "accepted" | "rejected" | "unknown";
        readonly reason?: string;
        readonly receipt?: Receipt;
      } & MessageFacts)
    /** The receipt was there already: no second send. */
    | ({
        readonly type: "sendSuppressed";
        readonly effect: string;
        readonly receipt: Receipt;
      } & MessageFacts)
    /** Two different receipts for one effect: a proven duplicate. An alarm. */
    | ({
        readonly type: "duplicateProven";
        readonly attemptId: string;
        readonly receipt: Receipt;
        readonly duplicateOf: Receipt;
      } & Partial<MessageFacts>)
    /** The store forgot the key's record while its provider was asked, and has it anew. Others may be lost. */
    | ({ readonly type: "recordLost"; readonly attemptId: string } & MessageFacts)
    | ({
        readonly type: "settledAfterDeadLetter";
        readonly attemptId: string;
        readonly dead: DeadInfo;
      } & Partial<MessageFacts>)
    | ({
        readonly type: "done";
        readonly durationMs: number;
        readonly skipped?: string;
      } & MessageFacts)
    /** A redelivery of a key that is done: acknowledged, nothing sent. `effects` bear the receipts. */
    | ({
        readonly type: "duplicateSuppressed";
        readonly effects: readonly AttemptInfo[];
      } & MessageFacts)
    | ({
        readonly type: "retry";
        readonly reason: RetryReason;
        readonly delayMs: number;
        readonly error?: unknown;
      } & MessageFacts)
    | ({
        readonly type: "held";
        readonly reason: HoldReason;
        readonly attempts: readonly AttemptInfo[];
      } & MessageFacts)
    | ({ readonly type: "resumed"; readonly heldMs: number } & MessageFacts)
    | ({ readonly type: "leaseLost"; readonly reason: LossReason } & MessageFacts)
    | ({
        readonly type: "deadLettered";
        readonly code: string;
        readonly text: string;
      } & MessageFacts)
    /** A copy could not be made: left to the queue's own redrive. */
    | ({
        readonly type: "deadLetterImpossible";
        readonly code: string;
        readonly why: string;
      } & MessageFacts)
    /**
     * `marginMs`: of those that the queue hides for longer now, the least time for which one was still hidden
     * when the queue had answered.
     */
    | {
        readonly type: "extended";
        readonly count: number;
        readonly failed: number;
        readonly marginMs?: number;
      }
    | { readonly type: "extendFailed"; readonly error: unknown }
    | { readonly type: "acknowledgeFailed"; readonly messageId: string; readonly error: unknown }
    | { readonly type: "storeDown"; readonly error: unknown }
    | { readonly type: "storeUp"; readonly downMs: number }
    | { readonly type: "receivingPaused"; readonly reason: string; readonly forMs?: number }
    | { readonly type: "receivingResumed" }
    /** Messages of this pipeline wait: it is paused, or its provider is in trouble or throttles. */
    | { readonly type: "sendingPaused"; readonly pipeline: string; readonly reason: string }
    | { readonly type: "sendingResumed"; readonly pipeline: string }
    | ({
        readonly type: "tripwire";
        readonly kind: "sameContent" | "recipientRate" | "templateRate" | "pipelineRate";
        readonly effect: string;
        readonly action: "warn" | "block" | "pause";
        readonly detail: string;
      } & MessageFacts)
    | ({
        readonly type: "effectWaived";
        readonly effect: string;
        readonly why: string;
      } & MessageFacts)
    /** Something that must not happen in this package's own code, contained. */
    | { readonly type: "internalError"; readonly error: unknown }
  );

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

export type EventBody = DistributiveOmit<ConsumerEvent, keyof EventOrigin>;

/**
 * Reads the events of a consumer or a Lambda handler. What it throws, or rejects with, is dropped: an
 * observer's fault is not the message's. Nobody waits for one that answers with a promise.
 */
export type Observer = (event: ConsumerEvent) => unknown;

/** Passes events on; costs nothing unread, and an observer that fails harms nothing. */
export type Emit = ((event: EventBody) => void) & { readonly read: boolean };

export function createEmit(
  observe: Observer | undefined,
  {
    clock,
    randomness,
  }: { readonly clock: Pick<Clock, "now">; readonly randomness: Pick<Randomness, "id"> },
): Emit {
  const origin = observe && { source: randomness.id() };
  let seq = 0;
  const emit = (event: EventBody): void => {
    if (!observe || !origin) return;
    seq += 1;
    try {
      const answer = observe({ at: clock.now(), ...origin, seq, ...event });
      if (isPromise(answer)) answer.then(undefined, dropped);
    } catch {
      // As one that rejects.
    }
  };
  return Object.assign(emit, { read: observe !== undefined });
}

function dropped(): void {}

function isPromise(answer: unknown): answer is PromiseLike<unknown> {
  return typeof (answer as { readonly then?: unknown } | null | undefined)?.then === "function";
}
