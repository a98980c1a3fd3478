import type { AcceptedMail } from "../worlds/ses.js";
import type { Ledger } from "./ledger.js";
import type { Report } from "./violations.js";

/** A message of a pipeline that is well is sent within this, ms, whatever another one's trouble. */
const ON_TIME_MS = 15_000;

/** One pipeline's pause or provider stops no other. Only the first pipeline meets trouble where there are two. */
export function isolationOracle(ledger: Ledger, now: () => number, report: Report) {
  return {
    onMail: ({ attemptId }: AcceptedMail): void => {
      const [key] = attemptId.split("-");
      for (const { kind, key: own, sentAt, messageId, redriven } of ledger.produced.values()) {
        if (kind !== "other" || own !== key || redriven) continue;
        if (now() - sentAt <= ON_TIME_MS) continue;
        const lateMs = Math.round(now() - sentAt);
        report("a sick pipeline stops its own only", `${messageId} was sent after ${lateMs} ms`);
      }
    },
  };
}
