import type { DedupeStore, Receipt } from "@exactly-once/core";
import { parseAttemptId } from "@exactly-once/core/ports";
import type { EventFacts, Tell } from "./reconcile-observation.js";
import type { SesEventNotification } from "./ses-event.js";

export interface SettleEventOptions {
  readonly namespace: string;
  readonly store: Pick<DedupeStore, "settle">;
  readonly tell: Tell;
  /** This machine's clock, ms since the epoch. */
  readonly now: number;
}

/** What an event was about. */
export type EventSubject =
  /** Another service's email, or nobody's. */
  | "foreign"
  /** In our name, but of no attempt that the store knows, or dated ahead. */
  | "unproven"
  /** An attempt of ours, of a time that has been. */
  | "ours";

/** These mean that SES took the email and then could not deliver it. Sending again won't help. */
const undeliverable: ReadonlySet<string> = new Set(["Reject", "RenderingFailure", "Bounce"]);
/** How far SES's clock may be ahead of this machine's, ms. */
const maxAheadMs = 5 * 60_000;

/**
 * Stores what an event proves: whatever its type, SES took the email that it is about. Safe to
 * repeat, and in any order.
 */
export async function settleEvent(
  event: SesEventNotification,
  options: SettleEventOptions,
): Promise<EventSubject> {
  const { namespace, tell, now } = options;
  const facts: EventFacts = { eventType: event.type, messageId: event.messageId };
  const { attemptId, typeText } = event;
  if (attemptId === undefined || event.namespace !== namespace) {
    tell({ type: "foreignEvent", ...facts });
    return "foreign";
  }
  if (event.type === "Other") tell({ type: "unknownEventType", typeText, ...facts });
  const ahead = event.acceptedAt > now + maxAheadMs;
  if (ahead) tell({ type: "datedAhead", attemptId, ...facts });
  const known = await settleAttempt(event, attemptId, facts, options);
  if (undeliverable.has(event.type)) {
    tell({ type: "undeliverable", attemptId, ...reasonOf(event.detail), ...facts });
  }
  return known && !ahead ? "ours" : "unproven";
}

/** Whether the store knows the attempt. */
async function settleAttempt(
  { messageId, acceptedAt }: SesEventNotification,
  attemptId: string,
  facts: EventFacts,
  { store, tell, now }: SettleEventOptions,
): Promise<boolean> {
  const ref = parseAttemptId(attemptId);
  const receipt: Receipt = { id: messageId, at: Math.min(acceptedAt, now), via: "event" };
  const reply = ref ? await store.settle(ref, { status: "accepted", receipt }) : "unknownAttempt";
  if (reply === "settled") tell({ type: "eventSettled", attemptId, ...facts });
  else if (typeof reply !== "object") {
    tell({ type: "unknownAttempt", attemptId, ...facts });
    return false;
  } else if ("duplicateOf" in reply) {
    const { duplicateOf } = reply;
    tell({ type: "duplicateProven", attemptId, receipt, duplicateOf, ...facts });
  } else if ("settledAfterDeadLetter" in reply) {
    const dead = reply.settledAfterDeadLetter;
    tell({ type: "settledAfterDeadLetter", attemptId, dead, ...facts });
  }
  return true;
}

/** SES's word for why a bounced email wasn't delivered; other texts may bear personal data. */
function reasonOf(detail: unknown): { readonly why?: string } {
  const { bounceSubType } = Object(detail) as Readonly<Record<string, unknown>>;
  return typeof bounceSubType === "string" && /^[A-Za-z]{1,60}$/.test(bounceSubType)
    ? { why: bounceSubType }
    : {};
}
