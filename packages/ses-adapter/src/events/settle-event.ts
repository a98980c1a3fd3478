import type { DedupeStore, Receipt } from "@exactly-once/core";
import { parseAttemptId } from "@exactly-once/core/ports";
import type { EventFacts, Tell } from "./reconcile-observation.js";
import type { SesEventNotification } from "./ses-event.js";

export interface SettleEventOptions {
  readonly namespace: string;
  readonly store: Pick<DedupeStore, "settle">;
  readonly tell: Tell;
}

/** These mean that SES took the email and then could not deliver it. Sending again won't help. */
const undeliverable: ReadonlySet<string> = new Set(["Reject", "RenderingFailure", "Bounce"]);

/**
 * Stores what an event proves: whatever its type, SES took the email that it is about. Answers
 * whether the email was ours. Safe to repeat, and in any order.
 */
export async function settleEvent(
  event: SesEventNotification,
  { namespace, store, tell }: SettleEventOptions,
): Promise<boolean> {
  const facts: EventFacts = { eventType: event.type, messageId: event.messageId };
  const { attemptId, typeText } = event;
  if (attemptId === undefined || event.namespace !== namespace) {
    tell({ type: "foreignEvent", ...facts });
    return false;
  }
  if (event.type === "Other") tell({ type: "unknownEventType", typeText, ...facts });
  const ref = parseAttemptId(attemptId);
  if (!ref) {
    tell({ type: "unknownAttempt", attemptId, ...facts });
    return true;
  }
  const receipt: Receipt = { id: event.messageId, at: event.acceptedAt, via: "event" };
  const reply = await store.settle(ref, { status: "accepted", receipt });
  if (reply === "settled") tell({ type: "eventSettled", attemptId, ...facts });
  else if (typeof reply !== "object") tell({ type: "unknownAttempt", attemptId, ...facts });
  else if ("duplicateOf" in reply) {
    const { duplicateOf } = reply;
    tell({ type: "duplicateProven", attemptId, receipt, duplicateOf, ...facts });
  } else {
    const dead = reply.settledAfterDeadLetter;
    tell({ type: "settledAfterDeadLetter", attemptId, dead, ...facts });
  }
  if (undeliverable.has(event.type)) tell({ type: "undeliverable", attemptId, ...facts });
  return true;
}
