import { parseAttemptId } from "@exactly-once/core/ports";
import type { SesEventNotification } from "@exactly-once/ses-adapter";
import { deliveryStates, type HistoryFact } from "./history-fact.js";

/** SES's words for kinds of bounces; anything longer could bear an address. */
const WORD = /^[A-Za-z]{1,40}$/;

/**
 * What an event of SES tells about a notification of ours. That it was sent is always among it, so
 * events make good for what the process couldn't write.
 */
export function factsOfSesEvent(event: SesEventNotification): readonly HistoryFact[] {
  const { attemptId, messageId, acceptedAt, contentDigest } = event;
  const key = attemptId === undefined ? undefined : parseAttemptId(attemptId)?.key;
  if (attemptId === undefined || key === undefined) return [];
  const sent: HistoryFact = {
    ...{ type: "sent", key, at: acceptedAt, messageId, via: "event", attemptId },
    ...(contentDigest === undefined ? {} : { content: contentDigest }),
  };
  const state = deliveryStates.find((each) => each === event.type);
  if (state === undefined) return [sent];
  const { timestamp, bounceType } = (event.detail ?? {}) as Readonly<Record<string, unknown>>;
  const toldAt = typeof timestamp === "string" ? Date.parse(timestamp) : NaN;
  const delivery: HistoryFact = {
    ...{ type: "delivery", key, messageId, state },
    at: Number.isNaN(toldAt) ? acceptedAt : toldAt,
    ...(typeof bounceType === "string" && WORD.test(bounceType) ? { bounceType } : {}),
  };
  return [sent, delivery];
}
