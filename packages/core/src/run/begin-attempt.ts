import { parseAttemptId } from "../identity/attempt-id.js";
import {
  EffectBlockedError,
  LeaseLostError,
  RunEndedError,
  UnknownOutcomeError,
} from "../errors.js";
import { CLOCKS_APART_MS, validityMsOf } from "./sender-times.js";
import { blockEffect } from "./settle-attempt.js";
import type {
  AttemptInfo,
  AttemptRef,
  AttemptStart,
  BeginReply,
  Outcome,
  Receipt,
  Sender,
  TripwireCounters,
  TripwireReservation,
} from "../ports/index.js";
import type { Writable } from "../record/writable.js";
import type { Run, RunEnvironment } from "./run.js";

/** Tries of a `begin` without an answer before it is given up. */
const BEGIN_TRIES = 3;

/** A request for one attempt. A class, since each effect makes one (see docs/adr/0006). */
export class BeginRequest {
  /** Whose the content already is; known once the request is answered. */
  taken: string | undefined = undefined;
  /** How often the store was asked. */
  tries = 0;

  /**
   * @param timeoutMs how long the attempt may take
   * @param repeatWithinMs for a provider that dedupes, where an unknown attempt may be repeated (see
   *   `AttemptStart`)
   * @param reservation of the content, with the tripwire: it goes along in the same round trip
   */
  constructor(
    readonly ref: AttemptRef,
    readonly timeoutMs: number,
    readonly repeatWithinMs: number | undefined,
    readonly reservation: TripwireReservation | undefined,
  ) {}
}

/** Throws where nothing more may be begun: the lease is lost or sending is paused. */
export function assertMayBegin(env: RunEnvironment, run: Run): void {
  if (run.cancellation.aborted) throw run.lostBy ?? new LeaseLostError("claim");
  const paused = env.pausedReason(run.pipeline.name);
  if (paused !== undefined) {
    run.request ??= { kind: "paused", reason: paused };
    throw new RunEndedError(`Sending is paused: ${paused}.`);
  }
}

/**
 * Reserves and begins in one round trip. A `begin` without an answer is replayed with the same number; if
 * it stays unanswered it is settled as rejected, through the outage and even after the lease is lost:
 * else every message in flight would be held for an attempt that nobody was allowed to make.
 */
export function requestAttempt(
  env: RunEnvironment,
  run: Run,
  sender: Sender<unknown>,
  request: BeginRequest,
): Promise<BeginReply> {
  const { store, committer } = env;
  const { ref, timeoutMs, repeatWithinMs, reservation } = request;
  const { key, effect, owner, fence, attemptNumber } = ref;
  const validityMs = validityMsOf(sender);
  const { fingerprint } = run;
  const start: Writable<AttemptStart> = {
    key,
    effect,
    owner,
    fence,
    attemptNumber,
    timeoutMs,
    validityMs,
    fingerprint,
  };
  if (repeatWithinMs !== undefined) start.repeatWithinMs = repeatWithinMs;
  const reserving = reservation && store.tripwire?.reserve(reservation);
  const beginning = committer.commit(
    () => {
      request.tries += 1;
      return store.begin(start);
    },
    {
      maxTries: BEGIN_TRIES,
      // Of no use to a run that has ended: what were granted then would be held as unknown.
      mayRepeat: () => !run.cancellation.aborted && !env.abandon.aborted,
      onGivenUp: () => {
        giveUp(env, ref);
      },
    },
  );
  return reserving ? bothAnswered(env, run, request, reserving, beginning) : beginning;
}

/**
 * What a request came to that wasn't simply granted. Throws where no attempt is to be made now:
 * lost, blocked, or unknown.
 *
 * An earlier attempt of unknown outcome is settled first where that is possible: by asking the
 * provider, or by the pipeline's policy `resend`.
 *
 * @returns the receipt where the effect is settled already, `undefined` where the attempt is granted
 */
export async function afterRefusal(
  env: RunEnvironment,
  run: Run,
  sender: Sender<unknown>,
  request: BeginRequest,
  first: BeginReply,
): Promise<Receipt | undefined> {
  const { ref } = request;
  let reply = first;
  if (typeof reply === "object" && "unknown" in reply) {
    try {
      reply = await beginAgain(env, run, sender, request, reply);
    } catch (error) {
      notMade(env, ref);
      throw error;
    }
  }
  if (reply === "lost") {
    // An earlier try may have been granted without telling us, before the lease was lost.
    if (request.tries > 1) giveUp(env, ref);
    throw new LeaseLostError("claim");
  }
  if (reply === "granted") {
    const { taken } = request;
    return taken === undefined ? undefined : giveWay(env, run, ref, taken);
  }
  if ("accepted" in reply) {
    const receipt = reply.accepted;
    env.emit({ type: "sendSuppressed", effect: ref.effect, receipt, ...run.facts });
    return receipt;
  }
  if ("dropped" in reply) return { id: null, at: reply.dropped.startedAt, via: "operator" };
  notMade(env, ref);
  if ("blocked" in reply) {
    run.holding = [...run.holding, reply.blocked];
    throw new EffectBlockedError(reply.blocked);
  }
  run.holding = [...run.holding, reply.unknown];
  throw new UnknownOutcomeError(reply.unknown);
}

/** The same attempt once more, where the one in its way can be settled; else the reply as it was. */
async function beginAgain(
  env: RunEnvironment,
  run: Run,
  sender: Sender<unknown>,
  request: BeginRequest,
  reply: Extract<BeginReply, { unknown: AttemptInfo }>,
): Promise<BeginReply> {
  if (!(await settleEarlier(env, run, sender, reply.unknown))) return reply;
  // That may have taken its time.
  assertMayBegin(env, run);
  const { ref, timeoutMs, repeatWithinMs } = request;
  const again = new BeginRequest(ref, timeoutMs, repeatWithinMs, undefined);
  const next = await requestAttempt(env, run, sender, again);
  request.tries = again.tries;
  return next;
}

/**
 * The claim may outlive this run (a release that fails), and a late copy of a `begin` must not be
 * granted to nobody once what stands in its way is settled.
 */
function notMade({ committer, store }: RunEnvironment, ref: AttemptRef): void {
  committer.commitLater(() => store.settle(ref, { status: "rejected", reason: "notMade" }));
}

function giveUp({ committer, store }: RunEnvironment, ref: AttemptRef): void {
  committer.commitLater(() => store.settle(ref, { status: "rejected", reason: "storeDown" }));
}

/** Settles only once neither is under way any more. */
async function bothAnswered(
  env: RunEnvironment,
  run: Run,
  request: BeginRequest,
  reserving: ReturnType<TripwireCounters["reserve"]>,
  beginning: Promise<BeginReply>,
): Promise<BeginReply> {
  const [reserved, begun] = await Promise.allSettled([reserving, beginning]);
  if (begun.status === "rejected") throw begun.reason;
  if (reserved.status === "rejected") {
    env.onStoreFault(reserved.reason);
    giveUp(env, request.ref);
    throw reserved.reason;
  }
  if (typeof reserved.value === "object") {
    const { taken } = reserved.value;
    const policy = run.pipeline.tripwire;
    if (policy && policy.onSameContent === "warn") {
      if (begun.value === "granted") tellSameContent(env, run, request.ref.effect, "warn", taken);
    } else {
      request.taken = taken;
    }
  }
  return begun.value;
}

function tellSameContent(
  env: RunEnvironment,
  run: Run,
  effect: string,
  action: "warn" | "block",
  taken: string,
): void {
  const detail = `taken by ${taken}`;
  env.emit({ type: "tripwire", kind: "sameContent", effect, action, detail, ...run.facts });
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
  tellSameContent(env, run, ref.effect, "block", taken);
  return blockEffect(
    env,
    run,
    { ...ref, attemptNumber: ref.attemptNumber + 1 },
    `same content as ${taken}`,
  );
}

/** Whether the earlier attempt is settled now, so that asking again can be granted. */
async function settleEarlier(
  env: RunEnvironment,
  run: Run,
  sender: Sender<unknown>,
  attempt: AttemptInfo,
): Promise<boolean> {
  if (sender.lookup) {
    const earlier = parseAttemptId(attempt.attemptId);
    const askedAt = env.clock.now();
    let outcome: Outcome;
    try {
      outcome = await sender.lookup(attempt);
    } catch {
      // A provider that is away: nothing is known, and that is no failure of the message's own.
      return false;
    }
    if (!earlier || outcome.status === "unknown") return false;
    // What wasn't there yet when it was asked may still come, however late the answer is looked at.
    const isTooEarly = askedAt < attempt.staleAt + CLOCKS_APART_MS;
    if (outcome.status === "rejected" && isTooEarly) return false;
    const reply = await env.committer.commit(() => env.store.settle(earlier, outcome));
    return typeof reply !== "object" || !("unknown" in reply);
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
