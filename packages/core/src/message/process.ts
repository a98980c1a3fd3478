import { LeaseLostError, UnreadableRecordError } from "../errors.js";
import type { LossReason } from "../events.js";
import type { ClaimReply, CompleteReply, Completion } from "../ports/index.js";
import type { Admitted } from "../pipeline/admitted.js";
import type { RunEnvironment } from "../run/run.js";
import { admitMessage, type Admission, type AdmissionOptions } from "./admit.js";
import { inBoundVersion, overTried, refusedClaim, tooOld } from "./claim-reply.js";
import type { Company, Entering } from "./company.js";
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
  /** Takes a try back that was none. Must not reject. */
  readonly releaseUntried: (message: Message) => Promise<void>;
  /** Tries a message gets; `undefined` leaves it to the queue. */
  readonly maxTries: () => number | undefined;
  /** Of all messages of the process, or of the invocation. */
  readonly company: Company;
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
  try {
    const judging = judgeReplay(env, admitted, message.facts());
    if (judging) {
      const replay = await judging;
      return replay;
    }
    return await inCompany(options, message, admitted);
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

/**
 * claim → handle, beside others. A message whose last claim ended without a word may have ended its process:
 * it gives this claim back, waits until nothing else runs here, and is claimed and handled alone. Whoever
 * waits has no claim, so that another message's killing this process costs it no try.
 */
async function inCompany<Message extends MessageInHand>(
  options: ProcessOptions<Message>,
  message: Message,
  admitted: Admitted,
): Promise<Disposition> {
  const { company, env } = options;
  for (let alone = false; ; alone = true) {
    const entering = company.enter(alone);
    const refused = entering && (await admittedTo(message, entering));
    if (refused) return refused;
    try {
      const owner = env.randomness.id();
      let asked = admitted;
      let claimed = await options.claim(message, asked, owner);
      const sameContent = claimed && inBoundVersion(asked, claimed.reply);
      if (sameContent) {
        asked = sameContent;
        message.admit(asked);
        claimed = await options.claim(message, asked, owner);
      }
      if (!claimed) return DRAINING;
      const turn = await afterClaim(options, message, asked, owner, claimed, alone);
      if (turn !== "claim alone") return turn;
    } finally {
      company.leave(alone);
    }
    await options.releaseUntried(message);
    if (message.lost) return LOST;
  }
}

/** @returns what it ends by where it lost its place in the queue, or its process ends, before its turn */
async function admittedTo(
  message: MessageInHand,
  { entered, giveUp }: Entering,
): Promise<Disposition | undefined> {
  const aborted = new Promise<Disposition>((resolve) => {
    message.abortableBy((reason) => {
      resolve(endedBy(reason));
    });
  });
  const ended = await Promise.race([entered, aborted]);
  message.abortableBy(undefined);
  if (ended === undefined) return undefined;
  giveUp();
  return ended;
}

function afterClaim<Message extends MessageInHand>(
  { env, complete, graceMs, maxTries }: ProcessOptions<Message>,
  message: Message,
  admitted: Admitted,
  owner: string,
  { reply, claimedUntil }: ClaimResult,
  alone: boolean,
): Promise<Disposition> | Disposition | "claim alone" {
  const facts = message.facts();
  if (reply.status !== "claimed") {
    if (reply.status === "done") {
      env.emit({ type: "duplicateSuppressed", effects: reply.effects, ...facts });
    }
    return refusedClaim(admitted, reply);
  }
  const { fence, effects, tries, unended } = reply;
  const claim = { key: admitted.key.digest, owner, fence, tries };
  const { lease } = message;
  lease.bindClaim(claim, claimedUntil);
  if (message.lost) return LOST;
  if (env.emit.read) env.emit({ type: "claimed", owner, fence, ...facts });
  const spent =
    overTried(facts.receiveCount, maxTries(), reply) ?? tooOld(env.clock, admitted, reply);
  if (spent) return spent;
  if (unended && !alone) return "claim alone";
  return handleMessage({ env, complete, message, admitted, facts, claim, effects, graceMs });
}
