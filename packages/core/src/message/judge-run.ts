import {
  EffectRejectedError,
  InvalidKeyError,
  LeaseLostError,
  PermanentError,
  StoreUnavailableError,
  UnreadableRecordError,
  UnsettledEffectError,
} from "../errors.js";
import type { RetryReason } from "../events.js";
import type { AttemptInfo } from "../ports/index.js";
import { attemptIdsOf, isWaived, type Run } from "../run/run.js";
import { attemptTimeoutMsOf, mayRepeat } from "../run/sender-times.js";
import {
  DRAINING,
  LOST,
  LOST_AT_WORK,
  PAUSED,
  storeDown,
  unreadable,
  type DeadLetter,
  type Disposition,
  type Retry,
} from "./disposition.js";

export interface Thrown {
  readonly error: unknown;
}

/**
 * What a run came to by what it left behind, before its record is completed.
 *
 * @param thrown what the handler threw, if anything
 * @param now milliseconds since the epoch
 * @returns `undefined` where the record may be completed
 */
export function endedRun(
  run: Run,
  thrown: Thrown | undefined,
  now: number,
): Disposition | undefined {
  if (run.lostBy) {
    const { reason } = run.lostBy;
    if (reason === "drain") return DRAINING;
    return reason === "maxProcessing" ? failed("error", run.lostBy) : LOST_AT_WORK;
  }
  const holding = run.holding.filter(({ effect }) => !isWaived(run, effect));
  if (holding.length > 0) return holdOrResend(run, holding, now);
  const { request } = run;
  if (request?.kind === "defer") {
    const { reason, delayMs } = request;
    const error = thrown && { error: thrown.error };
    return { kind: "retry", reason, delayMs, counts: false, ...error };
  }
  if (request?.kind === "unavailable") {
    const { effect, retryAfterMs } = request;
    return { kind: "retry", reason: "providerDown", delayMs: retryAfterMs, counts: false, effect };
  }
  if (request?.kind === "paused") return PAUSED;
  if (request?.kind === "deadLetter") return deadLetter(run, "handler", request.text);
  if (run.misuse) return failed("unsettled", run.misuse);
  if (thrown) return afterError(run, telling(run, thrown.error));
  for (const { slot, error: cause } of run.failures) {
    if (isWaived(run, slot)) continue;
    const error = new UnsettledEffectError(
      `The handler returned although effect ${slot} failed: let the error of ctx.once() pass, or give it up by ctx.waive().`,
      { cause },
    );
    return failed("unsettled", error);
  }
  if (run.used.length === 0 && run.waived === undefined && run.skipped === undefined) {
    const error = new UnsettledEffectError(
      "The handler returned without any effect: call ctx.skip(reason) where that is right.",
    );
    return failed("unsettled", error);
  }
  return undefined;
}

function holdOrResend(run: Run, attempts: readonly AttemptInfo[], now: number): Disposition {
  const tripped = attempts.some(({ state }) => state === "blocked");
  const resends = run.pipeline.onUnknown === "resend" || attempts.every(mayComeAgain);
  if (!tripped && resends) {
    return { kind: "retry", reason: "rejected", counts: true };
  }
  return { kind: "hold", reason: tripped ? "tripwire" : "unknown", attempts };

  function mayComeAgain(attempt: AttemptInfo): boolean {
    const sender = run.pipeline.effects[effectOf(attempt.effect)];
    return sender !== undefined && mayRepeat(sender, attempt, attemptTimeoutMsOf(sender), now);
  }
}

/** An effect's own error says more than one that a handler wrapped around it. */
function telling(run: Run, error: unknown): unknown {
  const [first] = run.failures;
  return first === undefined || error instanceof PermanentError ? error : first.error;
}

function afterError(run: Run, error: unknown): Disposition {
  if (error instanceof PermanentError) return deadLetter(run, "permanent", error.message);
  if (error instanceof InvalidKeyError) return deadLetter(run, "invalidKey", error.message);
  if (error instanceof EffectRejectedError) {
    if (error.permanent) return deadLetter(run, "rejected", error.message);
    if (error.throttle) {
      const delayMs = error.throttle.retryAfterMs;
      return { kind: "retry", reason: "throttled", delayMs, counts: false, error };
    }
    return { ...failed("rejected", error), effect: effectOf(error.effect) };
  }
  // Begun by nobody: what comes back then is no try of this message's own.
  if (error instanceof LeaseLostError) return LOST;
  if (error instanceof StoreUnavailableError) return storeDown(error);
  if (error instanceof UnreadableRecordError) return unreadable(error);
  return failed("error", error);
}

/** The name of an effect's slot, without its part. */
function effectOf(slot: string): string {
  return slot.split("-", 1)[0] ?? slot;
}

function failed(reason: RetryReason, error: unknown): Retry {
  return { kind: "retry", reason, counts: true, error };
}

function deadLetter(run: Run, code: string, text: string): DeadLetter {
  return { kind: "deadLetter", code, text, attemptIds: attemptIdsOf(run), bury: true };
}

/**
 * What becomes of a run whose record can't be completed, since these effects are open.
 *
 * @param now milliseconds since the epoch
 */
export function unresolvedRun(
  run: Run,
  unresolved: readonly AttemptInfo[],
  now: number,
): Disposition {
  const blocked = unresolved.filter(({ state }) => state !== "rejected");
  if (blocked.length > 0) return holdOrResend(run, blocked, now);
  const names = unresolved.map(({ effect }) => effect).join(", ");
  const error = new UnsettledEffectError(
    `The handler returned although ${names} was begun and rejected: let the error of ctx.once() pass, or give it up by ctx.waive().`,
  );
  return failed("unsettled", error);
}
