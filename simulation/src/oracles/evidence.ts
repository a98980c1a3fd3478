import { formatAttemptId } from "@exactly-once/core/ports";
import type { SesWorld } from "../worlds/ses.js";
import type { StoreEvent } from "../worlds/store.js";
import { effectOf, type Ledger } from "./ledger.js";
import type { Report } from "./violations.js";

export interface EvidenceOracle {
  onStore(event: StoreEvent): void;
}

/**
 * Events prove what they say and nothing else; silence proves nothing of a mail that was accepted,
 * unless the stated assumption was broken: SES lost that mail's event.
 */
export function evidenceOracle(
  ledger: Ledger,
  ses: () => SesWorld,
  report: Report,
): EvidenceOracle {
  function onVerdict(attemptId: string): void {
    if (!ses().mailOf(attemptId)) return;
    if (ses().lostEventOf(attemptId)) {
      ledger.excused.set(effectOf(attemptId), "SES lost the event of an accepted mail");
      return;
    }
    report("silence is no proof", `${attemptId} was called not sent, and SES had taken it`);
  }

  return {
    onStore: (event) => {
      if (event.command === "resolve") {
        const [attemptId, verdict, { by }] = event.args;
        if (event.reply === "resolved" && verdict === "not-sent" && by === "reconciler") {
          onVerdict(attemptId);
        }
      } else if (event.command === "settle") {
        const [ref, outcome] = event.args;
        if (outcome.status !== "accepted" || outcome.receipt.via !== "event") return;
        const attemptId = formatAttemptId(ref);
        if (ses().mailOf(attemptId)?.messageId !== outcome.receipt.id) {
          report("foreign events prove nothing", `${attemptId} was settled by another's event`);
        }
      }
    },
  };
}
