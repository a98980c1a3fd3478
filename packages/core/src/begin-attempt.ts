import { parseAttemptId } from "./attempt-id.js";
import { EffectHeldError } from "./errors/effect-held-error.js";
import { LeaseLostError } from "./errors/lease-lost-error.js";
import { UnknownOutcomeError } from "./errors/unknown-outcome-error.js";
import { holdEffect } from "./send-and-settle.js";
import type {
  AttemptInfo,
  AttemptRef,
  BeginReply,
  Receipt,
  Sender,
  TripwireReservation,
} from "./ports/index.js";
import type { Run, RunEnvironment } from "./run.js";

/**
 * Milliseconds a request signed at the deadline may still be accepted where the sender doesn't say:
 * the longest that AWS services allow a signature to be off.
 */
const DEFAULT_VALIDITY_MS = 15 * 60_000;
const GRANTED = { status: "granted" } as const;
/** Tries of a `begin` without an answer before it is given up. */
const BEGIN_TRIES = 3;

export type Begun =
  { readonly status: "granted" } | { readonly status: "accepted"; readonly receipt: Receipt };

/**
 * Asks for one attempt. Throws where it is not to be made now: lost, held, or unknown.
 *
 * An earlier attempt of unknown outcome is settled first where that is possible: by asking the
 * provider, by the provider's own idempotency, or by the pipeline's policy `resend`.
 */
export async function beginAttempt(
  env: RunEnvironment,
  run: Run,
  sender: Sender<unknown>,
  ref: AttemptRef,
  timeoutMs: number,
  reservation: TripwireReservation | undefined,
): Promise<Begun> {
  const [taken, first] = await reserveAndBegin(env, run, sender, ref, timeoutMs, reservation);
  let reply = first;
  if (typeof reply === "object" && "unknown" in reply) {
    const settled = await settleEarlier(env, run, sender, reply.unknown);
    if (settled) [, reply] = await reserveAndBegin(env, run, sender, ref, timeoutMs, undefined);
  }
  if (reply === "lost") throw new LeaseLostError("claim");
  if (reply === "granted") {
    if (taken === undefined) return GRANTED;
    return { status: "accepted", receipt: await giveWay(env, run, ref, taken) };
  }
  if ("accepted" in reply) {
    const receipt = reply.accepted;
    env.emit({ type: "sendSuppressed", effect: ref.effect, receipt, ...run.facts });
    return { status: "accepted", receipt };
  }
  if ("dropped" in reply) {
    const receipt: Receipt = { id: null, at: reply.dropped.startedAt, via: "operator" };
    return { status: "accepted", receipt };
  }
  // The claim may outlive this run (a release that fails), and a late copy of this `begin` must not be
  // granted to nobody once what stands in its way is settled.
  const notMade = { status: "rejected", reason: "notMade" } as const;
  env.committer.commitLater(() => env.store.settle(ref, notMade));
  if ("held" in reply) {
    run.holding.push(reply.held);
    throw new EffectHeldError(reply.held);
  }
  run.holding.push(reply.unknown);
  throw new UnknownOutcomeError(reply.unknown);
}

/**
 * Both in one round trip. A `begin` without an answer is replayed with the same n; if it stays
 * unanswered it is settled as rejected, through the outage and even after the lease is lost: else
 * every message in flight would be held for an attempt that nobody was allowed to make.
 */
async function reserveAndBegin(
  env: RunEnvironment,
  run: Run,
  sender: Sender<unknown>,
  ref: AttemptRef,
  timeoutMs: number,
  reservation: TripwireReservation | undefined,
): Promise<[string | undefined, BeginReply]> {
  const { store, committer } = env;
  const { key, effect, owner, fence, n } = ref;
  const start = {
    key,
    effect,
    owner,
    fence,
    n,
    timeoutMs,
    validityMs: sender.validityMs ?? DEFAULT_VALIDITY_MS,
    fingerprint: run.fingerprint,
  };
  let tries = 0;
  const reserving = reservation && store.tripwire?.reserve(reservation);
  const beginning = committer.commit(() => {
    tries += 1;
    return store.begin(start);
  }, BEGIN_TRIES);
  try {
    const [reserved, begun] = reserving
      ? await allAnswered(reserving, beginning)
      : ([undefined, await beginning] as const);
    // An earlier try may have been granted without telling us, before the lease was lost.
    if (begun === "lost" && tries > 1) giveUp(env, ref);
    return [typeof reserved === "object" ? reserved.taken : undefined, begun];
  } catch (error) {
    env.onStoreFault(error);
    giveUp(env, ref);
    throw error;
  }
}

function giveUp({ committer, store }: RunEnvironment, ref: AttemptRef): void {
  committer.commitLater(() => store.settle(ref, { status: "rejected", reason: "storeDown" }));
}

/** Like `Promise.all`, but rejects only once neither is under way any more. */
async function allAnswered<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  const [first, second] = await Promise.allSettled([a, b]);
  if (second.status === "rejected") throw second.reason;
  if (first.status === "rejected") throw first.reason;
  return [first.value, second.value];
}

/** The tripwire's reservation is another key's: the attempt just granted is not made. */
async function giveWay(
  env: RunEnvironment,
  run: Run,
  ref: AttemptRef,
  taken: string,
): Promise<Receipt> {
  const outcome = { status: "rejected", reason: "tripwire" } as const;
  await env.committer.commit(() => env.store.settle(ref, outcome));
  env.emit({
    type: "tripwire",
    kind: "sameContent",
    effect: ref.effect,
    action: "hold",
    detail: `taken by ${taken}`,
    ...run.facts,
  });
  return holdEffect(env, run, { ...ref, n: ref.n + 1 }, `same content as ${taken}`);
}

/** Whether the earlier attempt is settled now, so that asking again can be granted. */
async function settleEarlier(
  env: RunEnvironment,
  run: Run,
  sender: Sender<unknown>,
  attempt: AttemptInfo,
): Promise<boolean> {
  if (sender.idempotent) return resend(env, attempt, "the provider dedupes on the effect id");
  if (sender.lookup) {
    const earlier = parseAttemptId(attempt.attemptId);
    const outcome = await sender.lookup(attempt);
    if (!earlier || outcome.status === "unknown") return false;
    await env.committer.commit(() => env.store.settle(earlier, outcome));
    return true;
  }
  if (run.pipeline.onUnknown === "resend") return resend(env, attempt, "the pipeline resends");
  return false;
}

async function resend(env: RunEnvironment, attempt: AttemptInfo, why: string): Promise<boolean> {
  const who = { by: "policy", why };
  const reply = await env.committer.commit(() =>
    env.store.resolve(attempt.attemptId, "resend", who),
  );
  return reply === "resolved" || (typeof reply === "object" && "already" in reply);
}
