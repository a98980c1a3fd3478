import type { LossReason } from "./events.js";
import type { AttemptInfo, Throttle } from "./ports/index.js";

/** The brands of the classes of this copy. */
const brands = new WeakMap<object, symbol>();

function brandOf(name: string): symbol {
  return Symbol.for(`@exactly-once/${name}`);
}

/**
 * The base of every error here. `code` is stable and safe to switch on; the message says what to do.
 * By what happens next:
 *
 * - at definition or start, to be mended: `ConfigurationError`;
 * - for your own code to throw: `PermanentError` (dead-lettered), `NotSentError` (tried again);
 * - thrown at a handler, which lets them pass: `InvalidKeyError` (dead-lettered),
 *   `EffectRejectedError` and `UnsettledEffectError` (tried again), `UnknownOutcomeError` and
 *   `EffectBlockedError` (blocked), `LeaseLostError` (handled elsewhere), `RunEndedError` (as asked for);
 * - thrown by stores and queues, whose callers wait: `StoreUnavailableError`,
 *   `QueueUnavailableError`;
 * - of one key alone, whose message goes back: `UnreadableRecordError`.
 *
 * `instanceof` works across copies of this package, and between ESM and CommonJS: a class is
 * recognised by a brand on its prototype, which every copy names alike.
 */
export abstract class ExactlyOnceError extends Error {
  /** Stable, documented, safe to switch on. */
  abstract readonly code: string;

  /**
   * Names a class by a literal and makes `instanceof` recognise it across copies. To be called in
   * the static block of each class of ours: the names that bundlers give classes mean nothing.
   *
   * @param name unique among all `@exactly-once` packages
   */
  protected static identify(name: string): void {
    Object.defineProperties(this.prototype, {
      name: { value: name, configurable: true, writable: true },
      [brandOf(name)]: { value: true },
    });
    brands.set(this, brandOf(name));
  }

  /** Recognises errors of other copies of this class, too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    const brand = brands.get(this);
    // A class that an application derives from one of ours is recognised as classes usually are.
    if (brand === undefined) return super[Symbol.hasInstance](value);
    return typeof value === "object" && value !== null && brand in value;
  }

  static {
    this.identify("ExactlyOnceError");
  }
}

/**
 * A setting is missing, out of range, or contradicts another. The text names the call and the
 * setting, and says what to change.
 */
export class ConfigurationError extends ExactlyOnceError {
  static {
    this.identify("ConfigurationError");
  }
  override readonly code = "CONFIGURATION";
}

/**
 * Thrown by a handler, decoder or sender: no retry can mend this. The message is dead-lettered at
 * once with the text, which therefore bears no personal data.
 *
 * @example
 * ```ts
 * if (user.email === undefined) throw new PermanentError("The account has no email address.");
 * ```
 */
export class PermanentError extends ExactlyOnceError {
  static {
    this.identify("PermanentError");
  }
  override readonly code = "PERMANENT";
}

/**
 * Thrown by a sender that knows that nothing reached the provider: the attempt is `rejected` and
 * the message tried again. Anything else thrown by `send` makes the outcome `unknown`.
 */
export class NotSentError extends ExactlyOnceError {
  static {
    this.identify("NotSentError");
  }
  override readonly code = "NOT_SENT";
}

/**
 * The key (or an effect's name or part) is not usable. No retry can mend it, so the message is
 * dead-lettered: mend the pipeline's `key`, or the event's producer, then redrive.
 */
export class InvalidKeyError extends ExactlyOnceError {
  static {
    this.identify("InvalidKeyError");
  }
  override readonly code = "INVALID_KEY";
}

/**
 * The provider provably did not take the effect. Let it pass and the message is tried again, or
 * dead-lettered where the rejection is permanent.
 */
export class EffectRejectedError extends ExactlyOnceError {
  static {
    this.identify("EffectRejectedError");
  }
  override readonly code = "EFFECT_REJECTED";

  constructor(
    /** The effect, with its part. */
    readonly effect: string,
    /** The sender's stable word for why. */
    readonly reason: string,
    /** Another try of the same content cannot succeed either. */
    readonly permanent: boolean,
    readonly throttle: Throttle | undefined,
  ) {
    super(
      `Effect ${effect} was rejected: ${reason}. Nothing was sent; the message is ` +
        (permanent ? "dead-lettered." : "tried again."),
    );
  }
}

/**
 * The tripwire stopped the effect before it was begun. Let it pass: the message is held until an
 * operator allows or drops the effect.
 */
export class EffectBlockedError extends ExactlyOnceError {
  static {
    this.identify("EffectBlockedError");
  }
  override readonly code = "EFFECT_BLOCKED";

  constructor(
    /** The attempt that was not begun. */
    readonly attempt: AttemptInfo,
  ) {
    super(
      `Attempt ${attempt.attemptId} was blocked by the tripwire (${attempt.reason ?? "same content"}): ` +
        `an operator allows or drops it.`,
    );
  }
}

/**
 * Nobody knows whether the provider took the effect. Let it pass: the message is held until evidence
 * or an operator settles the attempt.
 */
export class UnknownOutcomeError extends ExactlyOnceError {
  static {
    this.identify("UnknownOutcomeError");
  }
  override readonly code = "UNKNOWN_OUTCOME";

  constructor(
    /** The attempt in question. */
    readonly attempt: AttemptInfo,
  ) {
    super(
      `The outcome of attempt ${attempt.attemptId} is unknown: the message is held until evidence ` +
        `or an operator settles it.`,
    );
  }
}

/**
 * The handler returned while something it began is not settled: an effect swallowed, not awaited,
 * used twice, or none attempted at all. The message stays and is retried; the text says which.
 */
export class UnsettledEffectError extends ExactlyOnceError {
  static {
    this.identify("UnsettledEffectError");
  }
  override readonly code = "UNSETTLED_EFFECT";
}

/**
 * The right to handle the message ended: the reason the signal aborts with. Somebody else may have
 * the message by now, so nothing more is begun.
 */
export class LeaseLostError extends ExactlyOnceError {
  static {
    this.identify("LeaseLostError");
  }
  override readonly code = "LEASE_LOST";

  constructor(
    /** What ended it. */
    readonly reason: LossReason,
  ) {
    super(`The lease ended (${reason}): stop working; the message is handled again elsewhere.`);
  }
}

/**
 * Ends a handler on behalf of `defer`, `deadLetter` or a pause. Swallowing it changes nothing: what
 * was asked for is done all the same.
 */
export class RunEndedError extends ExactlyOnceError {
  static {
    this.identify("RunEndedError");
  }
  override readonly code = "RUN_ENDED";
}

/**
 * The dedupe store could not be reached, or did not answer in time. The operation may or may not
 * have happened, and may still happen. Consumers stop receiving until it answers.
 */
export class StoreUnavailableError extends ExactlyOnceError {
  static {
    this.identify("StoreUnavailableError");
  }
  override readonly code = "STORE_UNAVAILABLE";
}

/**
 * What stands under a key isn't a record that this release can read: it has a format, a state or a
 * kind that this release doesn't know. Only this key is concerned. Its record is left as it is and
 * granted to nobody: its message goes back to the queue, which is no try of its own.
 *
 * Where a newer release wrote it, finish the deployment. Anything else has to be looked at:
 * `docs/format.md` tells what may stand there.
 */
export class UnreadableRecordError extends ExactlyOnceError {
  static {
    this.identify("UnreadableRecordError");
  }
  override readonly code = "UNREADABLE_RECORD";

  constructor(
    /** The key's digest. */
    readonly key: string,
    /** What is wrong with its record. */
    readonly why: string,
  ) {
    super(
      `The record of key ${key} can't be read (${why}): finish the deployment of the release that ` +
        "wrote it, or mend it.",
    );
  }
}

/**
 * The queue could not be reached, or refused a whole call. Whether the call took effect is not
 * known: a receive may have hidden messages, a delete may have deleted.
 */
export class QueueUnavailableError extends ExactlyOnceError {
  static {
    this.identify("QueueUnavailableError");
  }
  override readonly code = "QUEUE_UNAVAILABLE";
  /** Milliseconds after which to call again, where the queue said so. */
  readonly retryAfterMs?: number;

  constructor(
    message: string,
    options?: { readonly cause?: unknown; readonly retryAfterMs?: number | undefined },
  ) {
    super(message, options);
    if (options?.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }
}
