import type { ConsumerEvent, Receipt } from "@exactly-once/core";
import type { HistoryFact } from "./history-fact.js";

/** What an event of a consumer tells about a notification; nothing, for most. */
export function factsOfConsumerEvent(event: ConsumerEvent): readonly HistoryFact[] {
  if (!("key" in event) || event.key === undefined) return [];
  const { key, at } = event;
  switch (event.type) {
    case "attemptSettled":
      return event.receipt ? [sent(key, event.receipt, event.attemptId)] : [];
    case "sendSuppressed":
      return [sent(key, event.receipt), { type: "suppressed", key, at }];
    case "duplicateProven":
      return [sent(key, event.duplicateOf), sent(key, event.receipt, event.attemptId)];
    case "duplicateSuppressed":
      return [{ type: "suppressed", key, at }];
    case "held":
      // A copy that waits for the one at work says nothing about the notification.
      return event.reason === "busy" ? [] : [{ type: "held", key, at, reason: event.reason }];
    case "deadLettered":
      return [{ type: "deadLettered", key, at, code: event.code, queueMessageId: event.messageId }];
    case "done":
      return [{ type: "done", key, at }];
    default:
      return [];
  }
}

function sent(key: string, { id, at, via }: Receipt, attemptId?: string): HistoryFact {
  const fact = { type: "sent", key, at, messageId: id, via } as const;
  return attemptId === undefined ? fact : { ...fact, attemptId };
}
