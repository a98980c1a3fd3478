import { createHandlerContext } from "../run/create-handler-context.js";
import type { Cancellation } from "../run/cancellation.js";
import { LeaseLostError, UnreadableRecordError, UnsettledEffectError } from "../errors.js";
import type { MessageFacts } from "../events.js";
import type { AttemptInfo, CompleteReply, Completion, Lease } from "../ports/index.js";
import type { HandlerContext } from "../pipeline/handler-context.js";
import type { Admitted } from "../pipeline/admitted.js";
import { Run, attemptIdsOf, type RunEnvironment } from "../run/run.js";
import { ACKNOWLEDGE, LOST, storeDown, unreadable, type Disposition } from "./disposition.js";
import { endedRun, unresolvedRun, type Thrown } from "./judge-run.js";
import type { MessageInHand } from "./message-in-hand.js";

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
  readonly message: MessageInHand;
  /** Milliseconds an aborted handler, and then its effects, get at most to end by themselves. */
  readonly graceMs: number | undefined;
}

/** handler → complete, for a claimed message. Never throws. */
export async function handleMessage(options: HandleOptions): Promise<Disposition> {
  const { env, admitted, message } = options;
  const { lease } = message;
  const startedAt = env.time();
  const run = new Run(admitted, options.facts, options.claim, options.effects, lease);
  message.abortableBy((reason) => {
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
  const ended = endedRun(run, thrown, env.clock.now());
  if (ended) return withAttemptIds(run, ended);
  const durationMs = env.time() - startedAt;
  const item = completionOf(run);
  let reply: CompleteReply;
  try {
    reply = await env.committer.commit(() => options.complete(item));
  } catch (error) {
    const unread = error instanceof UnreadableRecordError;
    return withAttemptIds(run, unread ? unreadable(error) : storeDown(error));
  }
  if (reply === "lost") return LOST;
  if (reply !== "done")
    return withAttemptIds(run, unresolvedRun(run, reply.unresolved, env.clock.now()));
  if (env.emit.read) {
    const skipped = run.skipped === undefined ? {} : { skipped: run.skipped };
    env.emit({ type: "done", durationMs, ...skipped, ...run.facts });
  }
  return ACKNOWLEDGE;
}

function withAttemptIds(run: Run, disposition: Disposition): Disposition {
  if (disposition.kind !== "retry") return disposition;
  return { ...disposition, attemptIds: attemptIdsOf(run) };
}

/** Nothing may be released or completed while an effect is under way. */
function endEffects(env: RunEnvironment, run: Run, graceMs: number): Promise<void> {
  const idle = new Promise<void>((resolve) => (run.onIdle = resolve));
  return endOrOverdue(env, run.cancellation, idle, graceMs, () => undefined);
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
  return endOrOverdue(env, run.cancellation, handling, graceMs, overdue);
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

/**
 * What `work` resolves with, or `overdue` when it hasn't ended `graceMs` after the abort, or by the time
 * the process gives up.
 */
function endOrOverdue<Result>(
  { clock, abandon }: Pick<RunEnvironment, "clock" | "abandon">,
  cancellation: Cancellation,
  work: Promise<Result>,
  graceMs: number,
  overdue: () => Result,
): Promise<Result> {
  return new Promise((resolve) => {
    let grace: AbortController | undefined;
    const endGrace = (): void => {
      grace?.abort("ended");
    };
    cancellation.listen(() => {
      grace = new AbortController();
      if (abandon.aborted) endGrace();
      abandon.addEventListener("abort", endGrace);
      void clock.sleep(graceMs, grace.signal).then(() => {
        abandon.removeEventListener("abort", endGrace);
        resolve(overdue());
      });
    });
    void work.then((result) => {
      resolve(result);
      cancellation.listen(undefined);
      endGrace();
    });
  });
}

function completionOf(run: Run): Completion {
  const { key, owner, fence } = run.claim;
  const { fingerprint, waived } = run;
  return waived === undefined
    ? { key, owner, fence, fingerprint }
    : { key, owner, fence, fingerprint, waived };
}
