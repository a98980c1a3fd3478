import type { AttemptInfo } from "./store/records.js";
import type { Outcome } from "./outcome.js";

/** One granted try at an effect. */
export interface Attempt {
  /** `<key digest>-<effect>-<nonce>-<fence>-<attemptNumber>`: fits an SES message tag. */
  readonly id: string;
  /** The same for every attempt at this effect: `<key digest>-<effect>`. */
  readonly effectId: string;
  readonly namespace: string;
  readonly pipeline: string;
  readonly effect: string;
  /** Wall-clock ms after which no request of this attempt may be signed. Fixed at `begin`. */
  readonly deadline: number;
  /** Milliseconds left to the deadline by the stricter of wall and monotonic clock; ≤ 0 is over. */
  remainingMs(): number;
  /**
   * Aborts with the handler's signal: nothing more is to be written then. A request that is ended
   * after it was written is `unknown`; better is to wait for its answer, within a time limit.
   */
  readonly signal: AbortSignal;
}

/** What the tripwire and the allowlist need to know of a prepared payload. */
export interface PreparedSummary {
  /** In the clear; core keeps only keyed digests of them. */
  readonly recipients: readonly string[];
  /** A digest of the rendered content, without anything that differs between attempts. */
  readonly contentDigest: string;
  /** Names the template or kind, for rates per template. */
  readonly template?: string;
}

/**
 * Performs one kind of effect through a provider: email, SMS, push, a webhook.
 *
 * `send` must issue at most one request that the provider could accept, never after the attempt's
 * deadline, and never again by itself. Throwing is `unknown`, unless it throws `NotSentError`.
 */
export interface Sender<Payload, Prepared = unknown> {
  /** Render, validate, digest. Runs before `begin`: a throw means nothing was sent. */
  prepare(payload: Payload): Promise<Prepared>;
  /** Issues one request, and tells what is known of it. A throw other than `NotSentError` is `unknown`. */
  send(prepared: Prepared, attempt: Attempt): Promise<Outcome>;
  /**
   * Asks the provider what became of an attempt, where it can be asked. `rejected` is taken only after
   * the attempt's `staleAt`, and only if it is proof then: a provider whose answers lag behind what it took
   * is `unknown` until that is over.
   */
  lookup?(attempt: AttemptInfo): Promise<Outcome>;
  /** For the tripwire and the allowlist. Without it neither can see this sender's payloads. */
  summarize?(prepared: Prepared): PreparedSummary;
  /**
   * Waits until the provider's rate allows one more, before `begin`, so that the attempt's deadline
   * does not run meanwhile. Resolves with the back-pressure to obey where the wait would be longer
   * than `maxWaitMs`.
   */
  admit?(options: {
    /** What waits to be sent: a provider may count its recipients. */
    readonly prepared: Prepared;
    readonly signal: AbortSignal;
    readonly maxWaitMs: number;
  }): Promise<{ readonly deferMs: number; readonly reason: string } | undefined>;
  /**
   * Checks the provider's settings before the consumer starts. A `ConfigurationError` says what an
   * operator has to mend, and refuses the start; anything else that is thrown passes by itself (the
   * provider is away, or was asked too often), and the check is made again.
   */
  verify?(options?: { readonly signal?: AbortSignal }): Promise<void>;
  /**
   * What proof of an attempt an operator should look for, and where: a sentence or two for people, in
   * which "its id" is the attempt's id. Shown where nobody knows whether an effect was accepted.
   */
  readonly evidence?: string;
  /** Milliseconds for which a request signed at the deadline could still be accepted. Default 15 min. */
  readonly validityMs?: number;
  /** Milliseconds one attempt may take from `begin` to its last signature. Default 30 s. */
  readonly attemptTimeoutMs?: number;
  /**
   * The provider itself dedupes on `effectId`, for `windowMs` from the first request on: an attempt of
   * unknown outcome is simply repeated while all of the repetition lies within the window, and held after
   * that. A provider that answers "key in use" or "in progress" has said nothing: `unknown`.
   */
  readonly idempotent?: { readonly windowMs: number };
}
