import { formatAttemptId } from "../identity/attempt-id.js";
import {
  EffectBlockedError,
  EffectRejectedError,
  LeaseLostError,
  NotSentError,
  UnknownOutcomeError,
} from "../errors.js";
import type {
  Attempt,
  AttemptInfo,
  AttemptRef,
  GrantedRecord,
  Outcome,
  Receipt,
  Sender,
  SettleReply,
  TripwireReservation,
} from "../ports/index.js";
import type { Run, RunEnvironment } from "./run.js";
import { ABORTED, OVERDUE, tellBreaker } from "./breakers.js";
import { boundedDelay } from "./delays.js";
import { validityMsOf } from "./sender-times.js";

/** Tries to note an unknown outcome: not worth more, since `sending` means as much. */
const UNKNOWN_TRIES = 2;
const BLOCK_TRIES = 3;

/** A granted attempt and what was there before it. */
export interface Granted {
  readonly sender: Sender<unknown>;
  readonly attempt: Attempt;
  readonly ref: AttemptRef;
  readonly reservation: TripwireReservation | undefined;
}

/** Stores the outcome of an attempt that wasn't accepted, and throws what is to be said of it. */
export async function settleFailure(
  env: RunEnvironment,
  run: Run,
  granted: Granted,
  outcome: Exclude<Outcome, { status: "accepted" }>,
): Promise<never> {
  const { ref } = granted;
  tellBreaker(env.breakers.of(granted.sender), run.facts.messageId, outcome);
  const maxTries = outcome.status === "unknown" ? UNKNOWN_TRIES : Infinity;
  const settling = env.committer.commit(() => env.store.settle(ref, outcome), { maxTries });
  if (outcome.status === "rejected") {
    const reply = await settling;
    // What an earlier attempt may have sent stays reserved.
    const open = typeof reply === "object" && "unknown" in reply;
    if (!open) await freeReservation(env, granted);
    const { reason, permanent = false, throttle } = outcome;
    throw new EffectRejectedError(ref.effect, reason, permanent, throttle);
  }
  await settling.catch(() => undefined);
  const info = unknownInfo(env, run, granted, outcome.reason);
  run.holding = [...run.holding, info];
  throw new UnknownOutcomeError(info);
}

export function tellOutcome(
  env: RunEnvironment,
  run: Run,
  attemptId: string,
  effect: string,
  outcome: Outcome,
): void {
  const { status } = outcome;
  const told = status === "accepted" ? { receipt: outcome.receipt } : { reason: outcome.reason };
  env.emit({ type: "attemptSettled", attemptId, effect, status, ...told, ...run.facts });
}

/**
 * Blocks the effect instead of beginning it. Resolves only where it turns out to be settled
 * already; else throws.
 */
export async function blockEffect(
  env: RunEnvironment,
  run: Run,
  ref: AttemptRef,
  reason: string,
): Promise<Receipt> {
  const { fingerprint } = run;
  const reply = await env.committer.commit(() => env.store.block({ ...ref, reason, fingerprint }), {
    maxTries: BLOCK_TRIES,
  });
  if (reply === "lost") throw new LeaseLostError("claim");
  const attempt = reply === "blocked" ? blockedInfo(env, ref, reason) : reply.refused;
  if (attempt.receipt) return attempt.receipt;
  if (attempt.state === "dropped") return { id: null, at: attempt.startedAt, via: "operator" };
  run.holding = [...run.holding, attempt];
  throw new EffectBlockedError(attempt);
}

function blockedInfo(env: RunEnvironment, ref: AttemptRef, reason: string): AttemptInfo {
  const now = env.clock.now();
  return {
    attemptId: formatAttemptId(ref),
    effect: ref.effect,
    state: "blocked",
    startedAt: now,
    deadline: now,
    staleAt: now,
    reason,
  };
}

export function createAttempt(
  env: RunEnvironment,
  run: Run,
  ref: AttemptRef,
  effect: string,
  deadline: number,
): Attempt {
  return new GrantedAttempt(env, run, ref, effect, deadline);
}

/** A class, since a getter of an object literal is slow to make. */
class GrantedAttempt implements Attempt {
  readonly id: string;
  readonly effectId: string;
  readonly namespace: string;
  readonly pipeline: string;
  readonly effect: string;
  readonly deadline: number;
  readonly remainingMs: () => number;
  readonly #run: Run;

  /** @param deadline on the timeline of leases */
  constructor(env: RunEnvironment, run: Run, ref: AttemptRef, effect: string, deadline: number) {
    this.#run = run;
    this.id = formatAttemptId(ref);
    this.effectId = `${ref.key}-${ref.effect}`;
    this.namespace = env.namespace;
    this.pipeline = run.pipeline.name;
    this.effect = effect;
    this.deadline = env.clock.now() + (deadline - env.time());
    this.remainingMs = () => deadline - env.time();
  }

  get signal(): AbortSignal {
    return this.#run.cancellation.signal;
  }
}

/** What is to be said of an attempt without making it, if anything. */
export function outcomeUnsent(
  env: RunEnvironment,
  run: Run,
  attempt: Attempt,
  live: boolean,
): Outcome | undefined {
  if (!live) {
    const id = `simulated-${attempt.id}`;
    return { status: "accepted", receipt: { id, at: env.clock.now(), via: "simulated" } };
  }
  if (run.cancellation.aborted) return { status: "rejected", reason: ABORTED };
  return attempt.remainingMs() > 0 ? undefined : { status: "rejected", reason: OVERDUE };
}

/** What a sender's throwing says. */
export function outcomeThrown(error: unknown): Outcome {
  const reason = error instanceof Error ? error.name : typeof error;
  return { status: error instanceof NotSentError ? "rejected" : "unknown", reason };
}

/**
 * The outcome with times that are numbers: a receipt whose time is none is a receipt all the same, of
 * now, and back-pressure for no time is back-pressure.
 */
export function withTimes(env: RunEnvironment, outcome: Outcome): Outcome {
  if (outcome.status === "accepted") {
    if (Number.isFinite(outcome.receipt.at)) return outcome;
    return { ...outcome, receipt: { ...outcome.receipt, at: env.clock.now() } };
  }
  if (outcome.status !== "rejected" || !outcome.throttle) return outcome;
  const { throttle } = outcome;
  const retryAfterMs = boundedDelay(throttle.retryAfterMs);
  return { ...outcome, throttle: { ...throttle, retryAfterMs } };
}

async function freeReservation(env: RunEnvironment, { reservation }: Granted): Promise<void> {
  if (!reservation) return;
  try {
    await env.store.tripwire?.free(reservation);
  } catch (error) {
    // The next attempt is the same holder's, so a reservation left behind is in nobody's way.
    env.onStoreFault(error);
  }
}

/** What makes the record anew, should the store have lost it while the provider was asked. */
export function grantedRecord({ keyText, pipeline, facts, fingerprint }: Run): GrantedRecord {
  return { keyText, pipeline: pipeline.name, messageId: facts.messageId, fingerprint };
}

export function noteReply(
  env: RunEnvironment,
  run: Run,
  attemptId: string,
  receipt: Receipt,
  reply: SettleReply,
): void {
  if (reply === "recreated") env.emit({ type: "recordLost", attemptId, ...run.facts });
  if (typeof reply !== "object" || "unknown" in reply) return;
  if ("duplicateOf" in reply) {
    const { duplicateOf } = reply;
    env.emit({ type: "duplicateProven", attemptId, receipt, duplicateOf, ...run.facts });
  } else {
    const dead = reply.settledAfterDeadLetter;
    env.emit({ type: "settledAfterDeadLetter", attemptId, dead, ...run.facts });
  }
}

function unknownInfo(env: RunEnvironment, run: Run, granted: Granted, reason: string): AttemptInfo {
  const { sender, attempt, ref } = granted;
  const earlier = run.before.find(({ effect }) => effect === ref.effect);
  const since = earlier && openSince(earlier);
  return {
    attemptId: attempt.id,
    effect: ref.effect,
    state: "unknown",
    startedAt: env.clock.now(),
    deadline: attempt.deadline,
    staleAt: attempt.deadline + validityMsOf(sender),
    ...(since === undefined ? {} : { unknownSince: since }),
    reason,
  };
}

/** Since when something of the effect isn't proven unsent, if anything. */
function openSince({ state, startedAt, unknownSince }: AttemptInfo): number | undefined {
  return unknownSince ?? (state === "unknown" ? startedAt : undefined);
}
