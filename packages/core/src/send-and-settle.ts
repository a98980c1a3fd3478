import { formatAttemptId } from "./attempt-id.js";
import { EffectHeldError } from "./errors/effect-held-error.js";
import { EffectRejectedError } from "./errors/effect-rejected-error.js";
import { LeaseLostError } from "./errors/lease-lost-error.js";
import { isNotSentError } from "./errors/not-sent-error.js";
import { UnknownOutcomeError } from "./errors/unknown-outcome-error.js";
import type {
  Attempt,
  AttemptInfo,
  AttemptRef,
  Outcome,
  Receipt,
  Sender,
  SettleReply,
  TripwireReservation,
} from "./ports/index.js";
import type { Run, RunEnvironment } from "./run.js";

/** Tries to note an unknown outcome: not worth more, since `sending` means as much. */
const UNKNOWN_TRIES = 2;
const HOLD_TRIES = 3;

const WELL = { kind: "well" } as const;
const ABORTED = "aborted before sending";
const OVERDUE = "deadline before sending";
/** Rejections that say nothing about the provider: it was not asked. */
const LOCAL_REASONS: ReadonlySet<string> = new Set([ABORTED, OVERDUE]);

/** A granted attempt and what it takes to make it. */
export interface Grant {
  readonly sender: Sender<unknown>;
  readonly prepared: unknown;
  readonly effectName: string;
  readonly ref: AttemptRef;
  /** On the timeline of leases. */
  readonly deadline: number;
  /** False in a dry run: nothing is sent and the receipt says so. */
  readonly live: boolean;
  readonly reservation: TripwireReservation | undefined;
}

/** Makes the attempt and stores its outcome, whatever it takes. */
export async function sendAndSettle(env: RunEnvironment, run: Run, grant: Grant): Promise<Receipt> {
  const { ref } = grant;
  const attempt = createAttempt(env, run, grant);
  run.attemptIds.push(attempt.id);
  const effect = ref.effect;
  if (env.emit.read) {
    env.emit({ type: "attemptBegun", attemptId: attempt.id, effect, ...run.facts });
  }
  const outcome = await makeAttempt(env, run, grant, attempt);
  const maxTries = outcome.status === "unknown" ? UNKNOWN_TRIES : Infinity;
  if (env.emit.read) tellOutcome(env, run, attempt.id, effect, outcome);
  const settling = env.committer.commit(() => env.store.settle(ref, outcome), maxTries);
  switch (outcome.status) {
    case "accepted":
      if (grant.live) env.onProviderReply(WELL);
      noteReply(env, run, attempt.id, outcome.receipt, await settling);
      return outcome.receipt;
    case "rejected":
      await settling;
      await freeReservation(env, grant);
      throw rejection(env, effect, outcome);
    case "unknown": {
      env.onProviderReply({ kind: "trouble", reason: outcome.reason });
      await settling.catch(() => undefined);
      const info = unknownInfo(env, grant, attempt, outcome.reason);
      run.holding.push(info);
      throw new UnknownOutcomeError(info);
    }
  }
}

/** The error of a rejected attempt, once the provider's side of it is told. */
function rejection(
  env: RunEnvironment,
  effect: string,
  { reason, permanent = false, throttle }: Extract<Outcome, { status: "rejected" }>,
): EffectRejectedError {
  if (throttle) env.onProviderReply({ kind: "throttled", throttle });
  else if (!LOCAL_REASONS.has(reason)) {
    env.onProviderReply(permanent ? WELL : { kind: "trouble", reason });
  }
  return new EffectRejectedError(effect, reason, permanent, throttle);
}

function tellOutcome(
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
 * Puts the effect on hold instead of beginning it. Resolves only where it turns out to be settled
 * already; else throws.
 */
export async function holdEffect(
  env: RunEnvironment,
  run: Run,
  ref: AttemptRef,
  reason: string,
): Promise<Receipt> {
  const { fingerprint } = run;
  const reply = await env.committer.commit(
    () => env.store.hold({ ...ref, reason, fingerprint }),
    HOLD_TRIES,
  );
  if (reply === "lost") throw new LeaseLostError("claim");
  const attempt = reply === "held" ? heldInfo(env, ref, reason) : reply.refused;
  if (attempt.receipt) return attempt.receipt;
  if (attempt.state === "dropped") return { id: null, at: attempt.startedAt, via: "operator" };
  run.holding.push(attempt);
  throw new EffectHeldError(attempt);
}

function heldInfo(env: RunEnvironment, ref: AttemptRef, reason: string): AttemptInfo {
  const now = env.clock.now();
  return {
    attemptId: formatAttemptId(ref),
    effect: ref.effect,
    state: "held",
    startedAt: now,
    deadline: now,
    staleAt: now,
    reason,
  };
}

function createAttempt(env: RunEnvironment, run: Run, grant: Grant): Attempt {
  const { ref, deadline } = grant;
  return {
    id: formatAttemptId(ref),
    effectId: `${ref.key}-${ref.effect}`,
    namespace: env.namespace,
    pipeline: run.pipeline.name,
    effect: grant.effectName,
    deadline: env.clock.now() + (deadline - env.time()),
    remainingMs: () => deadline - env.time(),
    get signal() {
      return run.cancellation.signal;
    },
  };
}

async function makeAttempt(
  env: RunEnvironment,
  run: Run,
  grant: Grant,
  attempt: Attempt,
): Promise<Outcome> {
  if (!grant.live) {
    const receipt = {
      id: `simulated-${attempt.id}`,
      at: env.clock.now(),
      via: "simulated",
    } as const;
    return { status: "accepted", receipt };
  }
  if (run.cancellation.aborted) return { status: "rejected", reason: ABORTED };
  if (attempt.remainingMs() <= 0) return { status: "rejected", reason: OVERDUE };
  try {
    return timed(env, await grant.sender.send(grant.prepared, attempt));
  } catch (error) {
    const reason = error instanceof Error ? error.name : typeof error;
    return { status: isNotSentError(error) ? "rejected" : "unknown", reason };
  }
}

/** A receipt whose time is no number is a receipt all the same: its time is now. */
function timed(env: RunEnvironment, outcome: Outcome): Outcome {
  if (outcome.status !== "accepted" || Number.isFinite(outcome.receipt.at)) return outcome;
  return { ...outcome, receipt: { ...outcome.receipt, at: env.clock.now() } };
}

async function freeReservation(env: RunEnvironment, grant: Grant): Promise<void> {
  if (!grant.reservation) return;
  try {
    await env.store.tripwire?.free(grant.reservation);
  } catch (error) {
    // The next attempt is the same holder's, so a reservation left behind is in nobody's way.
    env.onStoreFault(error);
  }
}

function noteReply(
  env: RunEnvironment,
  run: Run,
  attemptId: string,
  receipt: Receipt,
  reply: SettleReply,
): void {
  if (typeof reply !== "object") return;
  if ("duplicateOf" in reply) {
    const { duplicateOf } = reply;
    env.emit({ type: "duplicateProven", attemptId, receipt, duplicateOf, ...run.facts });
  } else {
    const dead = reply.settledAfterDeadLetter;
    env.emit({ type: "settledAfterDeadLetter", attemptId, dead, ...run.facts });
  }
}

function unknownInfo(
  env: RunEnvironment,
  grant: Grant,
  attempt: Attempt,
  reason: string,
): AttemptInfo {
  const validityMs = grant.sender.validityMs ?? 0;
  return {
    attemptId: attempt.id,
    effect: grant.ref.effect,
    state: "unknown",
    startedAt: env.clock.now(),
    deadline: attempt.deadline,
    staleAt: attempt.deadline + validityMs,
    reason,
  };
}
