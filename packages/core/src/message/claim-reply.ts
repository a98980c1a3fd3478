import { fingerprintLike } from "../identity/fingerprint.js";
import type { Admitted } from "../pipeline/admitted.js";
import { ACKNOWLEDGE, type DeadLetter, type Disposition } from "./disposition.js";
import type { AttemptInfo, ClaimReply, Clock } from "../ports/index.js";

export type Granted = Extract<ClaimReply, { status: "claimed" }>;

/** The disposition of a message whose claim wasn't granted. */
export function refusedClaim(admitted: Admitted, reply: Exclude<ClaimReply, Granted>): Disposition {
  switch (reply.status) {
    case "done":
      return ACKNOWLEDGE;
    case "busy":
      return { kind: "hold", reason: "busy", attempts: [], retryAfterMs: reply.retryAfterMs };
    case "conflict":
      return conflict(admitted, reply.bound, idsOf(reply));
    case "dead": {
      const text = reply.reason;
      return { kind: "deadLetter", code: "dead", text, attemptIds: idsOf(reply), bury: false };
    }
  }
}

/** The disposition of a message whose key is bound to other content. */
export function conflict(
  { fingerprint }: Admitted,
  bound: string,
  attemptIds: readonly string[],
): DeadLetter {
  const text =
    `Another event with the same key went before, and this one has other content (${bound}, ` +
    `now ${fingerprint}). If it is another notification, let key() tell them apart; if ` +
    `it is the same one, let the pipeline's fingerprint(decoded) leave out what differs (such as ` +
    `when it was published); if this content is to be sent, resolve with --accept-payload.`;
  return { kind: "deadLetter", code: "conflict", text, attemptIds, bury: false };
}

/**
 * Where the key's record is bound by another version of fingerprints: the message with its content's
 * fingerprint in that version.
 *
 * @returns `undefined` where it isn't the same content, or that can't be told
 */
export function inBoundVersion(admitted: Admitted, reply: ClaimReply): Admitted | undefined {
  if (reply.status !== "conflict") return undefined;
  const fingerprint = fingerprintLike(reply.bound, admitted.content);
  return fingerprint === reply.bound ? { ...admitted, fingerprint } : undefined;
}

/**
 * Dead-letters a claimed message that is older than its pipeline allows. One whose effects went out
 * in time is completed however late that is known: it would be dead-lettered for having been held.
 */
export function tooOld(
  clock: Pick<Clock, "now">,
  admitted: Admitted,
  reply: Granted,
): DeadLetter | undefined {
  const { maxEventAgeMs } = admitted.pipeline;
  const { happenedAt } = admitted;
  if (maxEventAgeMs === undefined || happenedAt <= 0) return undefined;
  if (reply.effects.some(({ state }) => state === "accepted")) return undefined;
  if (clock.now() - happenedAt <= maxEventAgeMs) return undefined;
  const text = `The event is older than ${maxEventAgeMs} ms (maxEventAgeMs).`;
  return { kind: "deadLetter", code: "tooOld", text, attemptIds: idsOf(reply), bury: true };
}

/**
 * Dead-letters a message whose last try but this one used up what it gets: only one whose claim ended
 * without a word comes so far, since any other is judged when it ends.
 */
export function overTried(
  receiveCount: number,
  maxTries: number | undefined,
  reply: Granted,
): DeadLetter | undefined {
  if (maxTries === undefined || reply.tries <= maxTries) return undefined;
  // What went out is completed, once: a message that ends its process even so is given up.
  const wasSent = reply.effects.some(({ state }) => state === "accepted");
  if (wasSent && reply.tries === maxTries + 1) return undefined;
  const text = `Received ${receiveCount} times, tried ${reply.tries - 1}, the last time ended without a word.`;
  const attemptIds = idsOf(reply);
  return { kind: "deadLetter", code: "retriesExhausted", text, attemptIds, bury: true };
}

function idsOf({ effects }: { readonly effects: readonly AttemptInfo[] }): readonly string[] {
  return effects.map(({ attemptId }) => attemptId);
}
