import { formatAttemptId, type TripwireReservation } from "@exactly-once/core/ports";
import type { StoreEvent } from "../worlds/store.js";
import type { Ledger } from "./ledger.js";
import type { Report } from "./violations.js";

export interface ReservationOracle {
  onStore(event: StoreEvent): void;
  /** The store was told to free it, and is about to. */
  onFree(reservation: TripwireReservation): void;
}

/** Content is free for others only once the store knows that its last attempt wasn't sent. */
export function reservationOracle(ledger: Ledger, report: Report): ReservationOracle {
  /** The attempt of each holder under each fence, until it is settled as rejected. */
  const open = new Map<string, string>();

  return {
    onStore: (event) => {
      if (event.command === "begin" && event.reply === "granted") {
        const { key, effect, fence } = event.args[0];
        open.set(`${key}-${effect} ${fence}`, formatAttemptId(event.args[0]));
      } else if (event.command === "settle") {
        const [ref, { status }] = event.args;
        // Refused, with an earlier attempt that may have been accepted.
        if (typeof event.reply === "object" && "unknown" in event.reply) return;
        const name = `${ref.key}-${ref.effect} ${ref.fence}`;
        if (status === "rejected" && open.get(name) === formatAttemptId(ref)) open.delete(name);
      }
    },
    onFree: ({ holder, fence }) => {
      const attemptId = open.get(`${holder} ${fence}`);
      // A failover may have taken away what was known.
      if (attemptId === undefined || ledger.excused.has(holder)) return;
      report("freed only once not sent", `${holder} was freed while ${attemptId} is open`);
    },
  };
}
