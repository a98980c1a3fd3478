import { beginAttempt } from "./begin-attempt.js";
import { isSentFor } from "./delivery.js";
import { LeaseLostError } from "./errors/lease-lost-error.js";
import { RunEndedError } from "./errors/run-ended-error.js";
import { holdEffect, sendAndSettle } from "./send-and-settle.js";
import type {
  AttemptRef,
  PreparedSummary,
  Receipt,
  Sender,
  TripwireReservation,
} from "./ports/index.js";
import type { TripwirePolicy } from "./pipeline.js";
import type { Run, RunEnvironment } from "./run.js";
import { countRates, reservationFor } from "./tripwire.js";

const UNKNOWN: ReadonlySet<string> = new Set(["sending", "unknown"]);
const DEFAULT_ATTEMPT_TIMEOUT_MS = 30_000;
/** Longer waits for the provider's rate are spent in the queue, not in a worker. */
const MAX_ADMISSION_MS = 5_000;

/**
 * One effect of one run: prepare, tripwire and begin, send, settle.
 *
 * Nothing is sent unless `begin` was granted, so that every request that could be accepted is in
 * the record before its first byte. From the grant on, what happened is settled through any outage
 * of the store.
 */
export async function performOnce(
  env: RunEnvironment,
  run: Run,
  sender: Sender<unknown>,
  effect: string,
  slot: string,
  payload: unknown,
): Promise<Receipt> {
  const prepared = await sender.prepare(payload);
  const summary = sender.summarize?.(prepared);
  assertMayBegin(env, run);
  if (sender.admit) await waitForAdmission(run, sender);

  const live = isSentFor(env.delivery, summary?.recipients);
  const { key, owner, fence } = run.claim;
  const ref: AttemptRef = { key, effect: slot, owner, fence, n: 1 };
  if (live && summary && run.pipeline.tripwire) {
    const tooMany = await checkRates(env, run, ref, summary, run.pipeline.tripwire);
    if (tooMany !== undefined) return holdEffect(env, run, ref, tooMany);
  }
  assertMayBegin(env, run);

  const reservation = live ? reservationOf(env, run, ref, summary) : undefined;
  const timeoutMs = attemptTimeout(env, run, sender);
  const deadline = env.time() + timeoutMs;
  const begun = await beginAttempt(env, run, sender, ref, timeoutMs, reservation);
  if (begun.status === "accepted") return begun.receipt;
  const effectName = effect;
  return sendAndSettle(env, run, {
    sender,
    prepared,
    effectName,
    ref,
    deadline,
    live,
    reservation,
  });
}

/** Throws where nothing more may be begun: the lease is lost or sending is paused. */
function assertMayBegin(env: RunEnvironment, run: Run): void {
  if (run.cancellation.aborted) throw run.lostBy ?? new LeaseLostError("claim");
  const paused = env.pausedReason(run.pipeline.name);
  if (paused !== undefined) {
    run.request ??= { kind: "paused", reason: paused };
    throw new RunEndedError(`Sending is paused: ${paused}.`);
  }
}

async function waitForAdmission(run: Run, sender: Sender<unknown>): Promise<void> {
  const wait = await sender.admit?.({
    signal: run.cancellation.signal,
    maxWaitMs: MAX_ADMISSION_MS,
  });
  if (!wait) return;
  run.request ??= { kind: "defer", delayMs: wait.deferMs, reason: "throttled" };
  throw new RunEndedError(`Deferred by ${wait.deferMs} ms: ${wait.reason}.`);
}

function attemptTimeout(env: RunEnvironment, run: Run, sender: Sender<unknown>): number {
  const leaseLeft =
    Math.min(run.lease.visibleUntil, run.lease.claimedUntil) - env.marginMs - env.time();
  if (leaseLeft <= 0) throw new LeaseLostError("unconfirmed");
  return Math.min(sender.attemptTimeoutMs ?? DEFAULT_ATTEMPT_TIMEOUT_MS, Math.floor(leaseLeft));
}

async function checkRates(
  env: RunEnvironment,
  run: Run,
  ref: AttemptRef,
  summary: PreparedSummary,
  policy: TripwirePolicy,
): Promise<string | undefined> {
  const counters = env.store.tripwire;
  if (!counters || isDecided(run, ref)) return undefined;
  const holder = `${ref.key}-${ref.effect}`;
  const tripped = await countRates(counters, env.digest, summary, holder, policy);
  if (!tripped) return undefined;
  const action = policy.onRate ?? "warn";
  const detail = `${tripped.count} of at most ${tripped.limit}`;
  env.emit({
    type: "tripwire",
    kind: tripped.kind,
    effect: ref.effect,
    action,
    detail,
    ...run.facts,
  });
  return action === "hold" ? `${tripped.kind}: ${detail}` : undefined;
}

function reservationOf(
  env: RunEnvironment,
  run: Run,
  ref: AttemptRef,
  summary: PreparedSummary | undefined,
): TripwireReservation | undefined {
  const policy = run.pipeline.tripwire;
  if (policy === false || !summary || !env.store.tripwire) return undefined;
  // One that is unknown may be settled before it is begun again, and is then granted.
  if (isDecided(run, ref) && !isUnknown(run, ref)) return undefined;
  return reservationFor(env.digest, summary, `${ref.key}-${ref.effect}`, policy ?? {});
}

function isUnknown(run: Run, ref: AttemptRef): boolean {
  const known = run.before.find(({ effect }) => effect === ref.effect);
  return known !== undefined && UNKNOWN.has(known.state) && known.allowed !== true;
}

/** What stands in the record already needs no tripwire: `begin` tells what it is. */
function isDecided(run: Run, ref: AttemptRef): boolean {
  const known = run.before.find(({ effect }) => effect === ref.effect);
  return known !== undefined && (known.state !== "rejected" || known.allowed === true);
}
