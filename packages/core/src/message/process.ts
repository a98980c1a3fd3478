import { createHandlerContext } from "../run/create-handler-context.js";
import type { Admitted } from "../pipeline/admitted.js";
import type { Cancellation } from "../run/cancellation.js";
import { ACKNOWLEDGE, DRAINING, type Disposition } from "./disposition.js";
import {
  EffectRejectedError,
  InvalidKeyError,
  LeaseLostError,
  PermanentError,
  StoreUnavailableError,
  UnsettledEffectError,
} from "../errors.js";
import type { LossReason, MessageFacts } from "../events.js";
import type { KeptLease } from "../leases/kept-lease.js";
import type { AttemptInfo, Clock, CompleteReply, Completion, Lease } from "../ports/index.js";
import type { HandlerContext } from "../pipeline/handler-context.js";
import { Run, attemptIdsOf, isWaived, type RunEnvironment } from "../run/run.js";

/** Milliseconds an aborted handler gets to end by itself. */
const ABORT_GRACE_MS = 5_000;
/**
 * Milliseconds an effect under way gets after that. An answer that comes later still counts: until
 * then the record says `sending`, so nobody sends again meanwhile.
 */
const EFFECT_GRACE_MS = 60_000;

export interface HandleOptions {
  readonly env: RunEnvironment;
  readonly complete: (item: Completion) => Promise<CompleteReply>;
  readonly admitted: Admitted;
  readonly facts: MessageFacts;
  readonly claim: Lease;
  readonly effects: readonly AttemptInfo[];
  readonly lease: KeptLease;
  /** Receives the function that aborts the handler with a reason. */
  readonly onAbortable: (abort: (reason: LossReason) => void) => void;
  /** Milliseconds an aborted handler, and then its effects, get at most to end by themselves. */
  readonly graceMs?: number;
}

/** handler → complete, for a claimed message. Never throws. */
export async function handleMessage(options: HandleOptions): Promise<Disposition> {
  const { env, admitted, lease } = options;
  const startedAt = env.time();
  const run = new Run(admitted, options.facts, options.claim, options.effects, lease);
  options.onAbortable((reason) => {
    run.lostBy ??= new LeaseLostError(reason);
    run.cancellation.abort(run.lostBy);
  });
  lease.limitProcessing(startedAt + admitted.pipeline.maxProcessingMs);
  const { graceMs = Infinity } = options;
  const thrown = await runHandler(env, run, admitted.event, Math.min(graceMs, ABORT_GRACE_MS));
  const unawaited = run.pending;
  if (unawaited > 0) await endEffects(env, run, Math.min(graceMs, EFFECT_GRACE_MS));
  lease.limitProcessing(undefined);
  if (unawaited > 0 && thrown === undefined && !run.lostBy) {
    run.misuse ??= new UnsettledEffectError(
      `The handler returned without awaiting ${unawaited} effect(s): await every ctx.once().`,
    );
  }
  const ended = endedRun(run, thrown);
  if (ended) return withAttemptIds(run, ended);
  const durationMs = env.time() - startedAt;
  const item = completionOf(run);
  let reply: CompleteReply;
  try {
    reply = await env.committer.commit(() => options.complete(item));
  } catch (error) {
    return withAttemptIds(run, { kind: "retry", reason: "storeDown", counts: false, error });
  }
  return withAttemptIds(run, completedRun(env, run, reply, durationMs));
}

function withAttemptIds(run: Run, disposition: Disposition): Disposition {
  if (disposition.kind !== "retry") return disposition;
  return { ...disposition, attemptIds: attemptIdsOf(run) };
}

/** Nothing may be released or completed while an effect is under way. */
function endEffects(env: RunEnvironment, run: Run, graceMs: number): Promise<void> {
  const idle = new Promise<void>((resolve) => (run.onIdle = resolve));
  return endOrOverdue(env.clock, run.cancellation, idle, graceMs, () => undefined);
}

interface Thrown {
  readonly error: unknown;
}

/** Resolves with what the handler threw, or once an aborted handler had its time to end. */
function runHandler(
  env: RunEnvironment,
  run: Run,
  event: unknown,
  graceMs: number,
): Promise<Thrown | undefined> {
  const handling = callHandler(run, event, createHandlerContext(env, run));
  const overdue = (): Thrown => ({ error: run.lostBy });
  return endOrOverdue(env.clock, run.cancellation, handling, graceMs, overdue);
}

function callHandler(
  run: Run,
  event: unknown,
  context: HandlerContext,
): Promise<Thrown | undefined> {
  try {
    return Promise.resolve(run.pipeline.handler(event, context)).then(nothingThrown, thrownBy);
  } catch (error) {
    return Promise.resolve({ error });
  }
}

function nothingThrown(): undefined {}

function thrownBy(error: unknown): Thrown {
  return { error };
}

/** What `work` resolves with, or `overdue` when it hasn't ended `graceMs` after the abort. */
function endOrOverdue<Result>(
  clock: Clock,
  cancellation: Cancellation,
  work: Promise<Result>,
  graceMs: number,
  overdue: () => Result,
): Promise<Result> {
  return new Promise((resolve) => {
    let grace: AbortController | undefined;
    cancellation.listen(() => {
      grace = new AbortController();
      void clock.sleep(graceMs, grace.signal).then(() => {
        resolve(overdue());
      });
    });
    void work.then((result) => {
      resolve(result);
      cancellation.listen(undefined);
      grace?.abort("ended");
    });
  });
}

function endedRun(run: Run, thrown: Thrown | undefined): Disposition | undefined {
  if (run.lostBy) {
    const { reason } = run.lostBy;
    if (reason === "drain") return DRAINING;
    if (reason === "maxProcessing") {
      return { kind: "retry", reason: "error", counts: true, error: run.lostBy };
    }
    return { kind: "lost" };
  }
  const holding = run.holding.filter(({ effect }) => !isWaived(run, effect));
  if (holding.length > 0) return holdOrResend(run, holding);
  const { request } = run;
  if (request?.kind === "defer") {
    const { reason, delayMs } = request;
    const error = thrown && { error: thrown.error };
    return { kind: "retry", reason, delayMs, counts: false, ...error };
  }
  if (request?.kind === "paused") return { kind: "hold", reason: "paused", attempts: [] };
  if (request?.kind === "deadLetter") return deadLetter(run, "handler", request.text);
  if (run.misuse) return { kind: "retry", reason: "unsettled", counts: true, error: run.misuse };
  if (thrown) return afterError(run, telling(run, thrown.error));
  for (const { slot, error: cause } of run.failures) {
    if (isWaived(run, slot)) continue;
    const error = new UnsettledEffectError(
      `The handler returned although effect ${slot} failed: let the error of ctx.once() pass, or give it up by ctx.waive().`,
      { cause },
    );
    return { kind: "retry", reason: "unsettled", counts: true, error };
  }
  if (run.used.length === 0 && run.waived === undefined && run.skipped === undefined) {
    const error = new UnsettledEffectError(
      "The handler returned without any effect: call ctx.skip(reason) where that is right.",
    );
    return { kind: "retry", reason: "unsettled", counts: true, error };
  }
  return undefined;
}

function holdOrResend(run: Run, attempts: readonly AttemptInfo[]): Disposition {
  const tripped = attempts.some(({ state }) => state === "held");
  const resends = Object.values(run.pipeline.effects).every(({ idempotent }) => idempotent);
  if (!tripped && (run.pipeline.onUnknown === "resend" || resends)) {
    return { kind: "retry", reason: "rejected", counts: true };
  }
  return { kind: "hold", reason: tripped ? "tripwire" : "unknown", attempts };
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
    return { kind: "retry", reason: "rejected", counts: true, error };
  }
  // Begun by nobody: what comes back then is no try of this message's own.
  if (error instanceof LeaseLostError) return { kind: "lost" };
  if (error instanceof StoreUnavailableError) {
    return { kind: "retry", reason: "storeDown", counts: false, error };
  }
  return { kind: "retry", reason: "error", counts: true, error };
}

function deadLetter(run: Run, code: string, text: string): Disposition {
  const attemptIds = attemptIdsOf(run);
  return { kind: "deadLetter", code, text, attemptIds, bury: true, claim: run.claim };
}

function completionOf(run: Run): Completion {
  const { key, owner, fence } = run.claim;
  const { fingerprint, waived } = run;
  return waived === undefined
    ? { key, owner, fence, fingerprint }
    : { key, owner, fence, fingerprint, waived };
}

/** What the store's answer makes of a run that left nothing open. */
function completedRun(
  env: RunEnvironment,
  run: Run,
  reply: CompleteReply,
  durationMs: number,
): Disposition {
  if (reply === "lost") return { kind: "lost" };
  if (reply === "done") {
    if (env.emit.read) {
      const skipped = run.skipped === undefined ? {} : { skipped: run.skipped };
      env.emit({ type: "done", durationMs, ...skipped, ...run.facts });
    }
    return ACKNOWLEDGE;
  }
  const blocked = reply.unresolved.filter(({ state }) => state !== "rejected");
  if (blocked.length > 0) return holdOrResend(run, blocked);
  const names = reply.unresolved.map(({ effect }) => effect).join(", ");
  const error = new UnsettledEffectError(
    `The handler returned although ${names} was begun and rejected: let the error of ctx.once() pass, or give it up by ctx.waive().`,
  );
  return { kind: "retry", reason: "unsettled", counts: true, error };
}
