import { afterRefusal, assertMayBegin, requestAttempt, BeginRequest } from "./begin-attempt.js";
import { tellBreaker } from "./breakers.js";
import { boundedDelay } from "./delays.js";
import { isSentFor } from "../pipeline/delivery.js";
import { LeaseLostError, RunEndedError } from "../errors.js";
import {
  createAttempt,
  grantedRecord,
  blockEffect,
  noteReply,
  outcomeThrown,
  outcomeUnsent,
  settleFailure,
  tellOutcome,
  withTimes,
} from "./settle-attempt.js";
import { within } from "../pipeline/instrumentation.js";
import type {
  Attempt,
  AttemptInfo,
  AttemptRef,
  Outcome,
  PreparedSummary,
  Receipt,
  Sender,
  TripwireReservation,
} from "../ports/index.js";
import { checkBudgets, hasBudgets, isDecided } from "./check-budgets.js";
import type { CircuitBreaker } from "./circuit-breaker.js";
import { passBreaker } from "./pass-breaker.js";
import type { Run, RunEnvironment } from "./run.js";
import { attemptTimeoutMsOf, mayRepeat, repeatWithinMsOf } from "./sender-times.js";
import { reservationFor } from "./tripwire.js";

/** Longer waits for the provider's rate are spent in the queue, not in a worker. */
const MAX_ADMISSION_MS = 5_000;

/**
 * One effect of one run: prepare, tripwire and begin, send, settle.
 *
 * Nothing is sent unless `begin` was granted, so that every request that could be accepted is in
 * the record before its first byte. From the grant on, what happened is settled through any outage
 * of the store.
 *
 * All in one function, since each further `async` one on this way shows (`pnpm bench pipeline`).
 */
export async function performOnce(
  env: RunEnvironment,
  run: Run,
  sender: Sender<unknown>,
  effect: string,
  slot: string,
  payload: unknown,
): Promise<Receipt> {
  run.pending += 1;
  try {
    const prepared = await sender.prepare(payload);
    const summary = sender.summarize?.(prepared);
    assertMayBegin(env, run);
    if (sender.admit) await waitForAdmission(env, run, sender, prepared);

    const live = isSentFor(env.delivery, summary?.recipients);
    const { key, owner, fence } = run.claim;
    const ref: AttemptRef = { key, effect: slot, owner, fence, attemptNumber: 1 };
    const earlier = earlierAttempt(run, slot);
    const breaker = env.breakers.of(sender);
    if (live && hasBudgets(run.pipeline.tripwire)) {
      const tooMany = await checkBudgets(env, run, ref, earlier, summary);
      if (tooMany !== undefined) return await blockEffect(env, run, ref, tooMany);
    }
    if (live && mayBeRefused(breaker, earlier)) await passBreaker(env, run, sender, effect);
    assertMayBegin(env, run);

    const reservation = live ? reservationOf(env, run, ref, earlier, summary) : undefined;
    const now = env.time();
    const timeoutMs = attemptTimeout(env, run, sender, now);
    const repeatWithinMs = repeatWithin(env, sender, earlier, timeoutMs);
    const request = new BeginRequest(ref, timeoutMs, repeatWithinMs, reservation);
    const reply = await requestAttempt(env, run, sender, request);
    if (reply !== "granted" || request.taken !== undefined) {
      const settled = await afterRefusal(env, run, sender, request, reply);
      if (settled) return settled;
    }

    const attempt = createAttempt(env, run, ref, effect, now + timeoutMs);
    run.attemptIds = [...run.attemptIds, attempt.id];
    if (env.emit.read) {
      env.emit({ type: "attemptBegun", attemptId: attempt.id, effect: slot, ...run.facts });
    }
    const unsent = outcomeUnsent(env, run, attempt, live);
    let outcome: Outcome;
    try {
      outcome = unsent ?? withTimes(env, await sendWithin(env, sender, prepared, attempt));
    } catch (error) {
      outcome = outcomeThrown(error);
    }
    if (env.emit.read) tellOutcome(env, run, attempt.id, slot, outcome);
    if (outcome.status !== "accepted") {
      return await settleFailure(env, run, { sender, attempt, ref, reservation }, outcome);
    }
    const accepted = outcome;
    const settling = env.committer.commit(() =>
      env.store.settle(ref, accepted, grantedRecord(run)),
    );
    if (live) tellBreaker(breaker, run.facts.messageId, accepted);
    noteReply(env, run, attempt.id, accepted.receipt, await settling);
    return accepted.receipt;
  } catch (error) {
    // None of them may be swallowed by the handler.
    run.failures = [...run.failures, { slot, error }];
    throw error;
  } finally {
    run.pending -= 1;
    if (run.pending === 0) run.onIdle?.();
  }
}

/** Not `async`: it adds nothing where nothing is instrumented. */
function sendWithin(
  { instrument }: RunEnvironment,
  sender: Sender<unknown>,
  prepared: unknown,
  attempt: Attempt,
): Promise<Outcome> {
  if (!instrument?.attempt) return sender.send(prepared, attempt);
  // A sender may throw before it answers with a promise.
  const send = async (): Promise<Outcome> => sender.send(prepared, attempt);
  return within(instrument.attempt.bind(instrument, attempt), send);
}

async function waitForAdmission(
  env: RunEnvironment,
  run: Run,
  sender: Sender<unknown>,
  prepared: unknown,
): Promise<void> {
  const wait = await sender.admit?.({
    prepared,
    signal: run.cancellation.signal,
    maxWaitMs: MAX_ADMISSION_MS,
  });
  if (!wait) return;
  const { reason } = wait;
  const deferMs = boundedDelay(wait.deferMs);
  // Others would be sent away as well, so none are tried meanwhile.
  env.breakers.of(sender).throttled(deferMs, `the provider throttles (${reason})`);
  run.request ??= { kind: "defer", delayMs: deferMs, reason: "throttled" };
  throw new RunEndedError(`Deferred by ${deferMs} ms: ${reason}.`);
}

/** What the effect has already needs no provider. */
function mayBeRefused(breaker: CircuitBreaker, earlier: AttemptInfo | undefined): boolean {
  if (earlier?.state === "accepted" || earlier?.state === "dropped") return false;
  return !breaker.isClosed || breaker.unavailableBecause() !== undefined;
}

function attemptTimeout(
  env: RunEnvironment,
  run: Run,
  sender: Sender<unknown>,
  now: number,
): number {
  const leaseLeft = Math.min(run.lease.visibleUntil, run.lease.claimedUntil) - env.marginMs - now;
  if (leaseLeft <= 0) throw new LeaseLostError("unconfirmed");
  return Math.min(attemptTimeoutMsOf(sender), Math.floor(leaseLeft));
}

function repeatWithin(
  env: RunEnvironment,
  sender: Sender<unknown>,
  earlier: AttemptInfo | undefined,
  timeoutMs: number,
): number | undefined {
  if (!earlier || !mayRepeat(sender, earlier, timeoutMs, env.clock.now())) return undefined;
  return repeatWithinMsOf(sender);
}

function reservationOf(
  env: RunEnvironment,
  run: Run,
  ref: AttemptRef,
  earlier: AttemptInfo | undefined,
  summary: PreparedSummary | undefined,
): TripwireReservation | undefined {
  const policy = run.pipeline.tripwire;
  if (policy === false || !summary || !env.store.tripwire) return undefined;
  // One that is unknown may be settled before it is begun again, and is then granted.
  if (isDecided(earlier) && !isUnknown(earlier)) return undefined;
  return reservationFor(env.digest, summary, ref, policy ?? {}, run.admitted.edition);
}

/** What the claim found of earlier runs at this effect. */
function earlierAttempt(run: Run, slot: string): AttemptInfo | undefined {
  return run.before.length === 0 ? undefined : run.before.find(({ effect }) => effect === slot);
}

function isUnknown({ state, allowed }: AttemptInfo): boolean {
  return (state === "sending" || state === "unknown") && allowed !== true;
}
