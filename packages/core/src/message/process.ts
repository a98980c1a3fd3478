import { LeaseLostError, UnreadableRecordError } from "../errors.js";
import type { LossReason } from "../events.js";
import type { ClaimReply, CompleteReply, Completion, Lease } from "../ports/index.js";
import type { Admitted } from "../pipeline/admitted.js";
import type { RunEnvironment } from "../run/run.js";
import { admitMessage, type Admission, type AdmissionOptions } from "./admit.js";
import { inBoundVersion, refusedClaim, tooOld } from "./claim-reply.js";
import {
  DRAINING,
  LOST,
  PAUSED,
  providerDown,
  storeDown,
  unreadable,
  type Disposition,
} from "./disposition.js";
import { handleMessage } from "./handle.js";
import type { MessageInHand } from "./message-in-hand.js";
import { judgeReplay } from "./replay.js";

/** Milliseconds that decoding and validating may take, in case they fetch something and hang. */
const MAX_ADMISSION_MS = 10 * 60_000;

export interface ClaimResult {
  readonly reply: ClaimReply;
  /** Until when the store holds the claim, counted from the request; on the timeline of leases. */
  readonly claimedUntil: number;
}

/** What a host gives for the way of its messages. */
export interface ProcessOptions<Message extends MessageInHand> {
  readonly env: RunEnvironment;
  readonly admission: AdmissionOptions;
  /**
   * Claims the message's key for `owner`, not beyond what its host knows of the message's visibility.
   *
   * @returns `undefined` where there is no time left for it
   */
  readonly claim: (
    message: Message,
    admitted: Admitted,
    owner: string,
  ) => Promise<ClaimResult | undefined>;
  readonly complete: (item: Completion) => Promise<CompleteReply>;
  /** Milliseconds an aborted handler, and then its effects, get at most to end by themselves. */
  readonly graceMs?: number;
}

/**
 * One turn of a message, in every host: admit → claim → handle. Never throws for the message's or
 * the store's sake. What is done about the disposition it comes to, `conclude.ts` says.
 */
export async function processMessage<Message extends MessageInHand>(
  options: ProcessOptions<Message>,
  message: Message,
): Promise<Disposition> {
  const { env } = options;
  if (env.storeIsDown()) return storeDown();
  if (!message.admitted) {
    const admitting = admitMessage(options.admission, message.lease.message);
    const admission =
      admitting instanceof Promise ? await admissionInTime(env, message, admitting) : admitting;
    if ("refused" in admission) return admission.refused;
    message.admit(admission.admitted);
  }
  const admitted = message.admitted as Admitted;
  const { pipeline } = admitted;
  if (env.pausedReason(pipeline.name) !== undefined) return PAUSED;
  const { id } = message.lease.message;
  if (env.breakers.unavailableBecause(pipeline, undefined, id) !== undefined) {
    return providerDown(env.breakers.changesAt(pipeline) - env.time());
  }
  const owner = env.randomness.id();
  try {
    const judging = judgeReplay(env, admitted, message.facts());
    if (judging) {
      const replay = await judging;
      return replay;
    }
    const claimed = await options.claim(message, admitted, owner);
    if (!claimed) return DRAINING;
    const sameContent = inBoundVersion(admitted, claimed.reply);
    if (!sameContent) return await afterClaim(options, message, admitted, owner, claimed);
    message.admit(sameContent);
    const again = await options.claim(message, sameContent, owner);
    if (!again) return DRAINING;
    return await afterClaim(options, message, sameContent, owner, again);
  } catch (error) {
    if (error instanceof UnreadableRecordError) return unreadable(error);
    env.onStoreFault(error);
    return storeDown(error);
  } finally {
    env.breakers.giveBack(pipeline, id);
  }
}

/** Ends with the lease as well: what the user's decoder waits for may never come. */
async function admissionInTime(
  env: RunEnvironment,
  message: MessageInHand,
  admitting: Promise<Admission>,
): Promise<Admission> {
  message.lease.limitProcessing(env.time() + MAX_ADMISSION_MS);
  const aborted = new Promise<Admission>((resolve) => {
    message.abortableBy((reason) => {
      resolve({ refused: endedBy(reason) });
    });
  });
  const admission = await Promise.race([admitting, aborted]);
  message.abortableBy(undefined);
  message.lease.limitProcessing(undefined);
  return admission;
}

function endedBy(reason: LossReason): Disposition {
  switch (reason) {
    case "drain":
      return DRAINING;
    case "maxProcessing":
      return { kind: "retry", reason: "error", counts: true, error: new LeaseLostError(reason) };
    default:
      return LOST;
  }
}

function afterClaim(
  { env, complete, graceMs }: Pick<ProcessOptions<never>, "env" | "complete" | "graceMs">,
  message: MessageInHand,
  admitted: Admitted,
  owner: string,
  { reply, claimedUntil }: ClaimResult,
): Disposition | Promise<Disposition> {
  const facts = message.facts();
  if (reply.status !== "claimed") {
    if (reply.status === "done") {
      env.emit({ type: "duplicateSuppressed", effects: reply.effects, ...facts });
    }
    return refusedClaim(admitted, reply);
  }
  const claim: Lease = { key: admitted.key.digest, owner, fence: reply.fence };
  const { lease } = message;
  lease.bindClaim(claim, claimedUntil);
  if (message.lost) return LOST;
  if (env.emit.read) env.emit({ type: "claimed", owner, fence: reply.fence, ...facts });
  const old = tooOld(env.clock, admitted, reply);
  if (old) return old;
  const { effects } = reply;
  return handleMessage({ env, complete, message, admitted, facts, claim, effects, graceMs });
}
