import type { RecordView } from "@exactly-once/core/ports";
import { showAge, showDuration } from "./moments.js";

export type Place = "inFlight" | "heldInQueue" | "queue" | "deadLetterQueue" | "done";

export interface Whereabouts {
  readonly place: Place;
  readonly text: string;
}

/** Where a record's message is, as far as its record tells. */
export function whereabouts(record: RecordView, now: number): Whereabouts {
  const { messageId } = record;
  if (record.state === "done") {
    return { place: "done", text: "it left the queue: the record is done" };
  }
  if (record.state === "dead" && record.dead) {
    const { at, reason } = record.dead;
    const text = `in the dead-letter queue, as a copy of ${record.dead.messageId}, since ${showAge(at, now)}: ${reason}`;
    return { place: "deadLetterQueue", text };
  }
  if (record.live) {
    const text = `${messageId} is being handled; the lease of ${record.owner} ends in ${showDuration(record.leaseUntil - now)} unless it is extended`;
    return { place: "inFlight", text };
  }
  if (record.effects.some(({ state }) => state === "unknown" || state === "blocked")) {
    const text = `${messageId} is held in its queue: a consumer keeps it hidden, or it waits for one; it goes on by itself once the effect is settled`;
    return { place: "heldInQueue", text };
  }
  return { place: "queue", text: `${messageId} waits in its queue for its next delivery` };
}
