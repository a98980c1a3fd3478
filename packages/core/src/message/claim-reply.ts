import type { Admitted } from "../pipeline/admitted.js";
import { ACKNOWLEDGE, type DeadLetter, type Disposition } from "./disposition.js";
import type { AttemptInfo, ClaimReply, QueueMessage } from "../ports/index.js";

export type Granted = Extract<ClaimReply, { status: "claimed" }>;

/** The disposition of a message whose claim wasn't granted. */
export function refusedClaim(admitted: Admitted, reply: Exclude<ClaimReply, Granted>): Disposition {
  switch (reply.status) {
    case "done":
      return ACKNOWLEDGE;
    case "busy":
      return { kind: "hold", reason: "busy", attempts: [], retryAfterMs: reply.retryAfterMs };
    case "conflict": {
      const text = `Other content (${reply.bound}) is bound to this key; this message has ${admitted.fingerprint}.`;
      return { kind: "deadLetter", code: "conflict", text, attemptIds: idsOf(reply), bury: false };
    }
    case "dead": {
      const text = reply.reason;
      return { kind: "deadLetter", code: "dead", text, attemptIds: idsOf(reply), bury: false };
    }
  }
}

/**
 * Dead-letters a claimed message that is older than its pipeline allows. One whose effects went out
 * in time is completed however late that is known: it would be dead-lettered for having been held.
 *
 * @param now milliseconds since the epoch
 */
export function tooOld(
  now: number,
  admitted: Admitted,
  message: QueueMessage,
  reply: Granted,
): DeadLetter | undefined {
  const { maxEventAgeMs } = admitted.pipeline;
  if (maxEventAgeMs === undefined || message.sentAt <= 0) return undefined;
  if (reply.effects.some(({ state }) => state === "accepted")) return undefined;
  if (now - message.sentAt <= maxEventAgeMs) return undefined;
  const text = `The message is older than ${maxEventAgeMs} ms.`;
  return { kind: "deadLetter", code: "tooOld", text, attemptIds: idsOf(reply), bury: true };
}

function idsOf({ effects }: { readonly effects: readonly AttemptInfo[] }): readonly string[] {
  return effects.map(({ attemptId }) => attemptId);
}
