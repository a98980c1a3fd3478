import { formatAttemptId, parseAttemptId, type AttemptRef } from "@exactly-once/core";
import type { AcceptedMail } from "../worlds/ses.js";
import type { StoreEvent } from "../worlds/store.js";
import type { Ledger } from "./ledger.js";
import type { Report } from "./violations.js";

export interface MailOracle {
  onStore(event: StoreEvent): void;
  onMail(mail: AcceptedMail): void;
}

/**
 * No duplicate: at most one accepted mail per effect; each only for an attempt that was durably
 * begun, and none for an attempt after which another was begun.
 */
export function mailOracle(ledger: Ledger, report: Report): MailOracle {
  /** The latest attempt begun, by effect id. */
  const latest = new Map<string, string>();
  const begun = new Set<string>();
  /** Who got this content first, by recipient and content. */
  const contents = new Map<string, string>();

  function onBegun(ref: AttemptRef): void {
    const attemptId = formatAttemptId(ref);
    const effectId = `${ref.key}-${ref.effect}`;
    const before = latest.get(effectId);
    const already = ledger.mails.get(effectId) ?? [];
    if (before !== attemptId && already.length > 0) {
      report("one acceptable attempt", `${attemptId} was begun although a mail is accepted`);
    }
    latest.set(effectId, attemptId);
    begun.add(attemptId);
  }

  return {
    onStore: (event) => {
      if (event.command === "begin" && event.reply === "granted") onBegun(event.args[0]);
    },
    onMail: (mail) => {
      const ref = parseAttemptId(mail.attemptId);
      if (!ref || !begun.has(mail.attemptId)) {
        report("durable before sent", `${mail.attemptId} was sent without being begun`);
        return;
      }
      const effectId = `${ref.key}-${ref.effect}`;
      const mails = ledger.mails.get(effectId) ?? [];
      mails.push(mail);
      ledger.mails.set(effectId, mails);
      if (mails.length > 1) {
        const ids = mails.map(({ attemptId }) => attemptId).join(", ");
        report("no duplicate", `${mails.length} mails for ${effectId}: ${ids}`);
      }
      const first = contents.get(mail.contentDigest) ?? effectId;
      contents.set(mail.contentDigest, first);
      if (first !== effectId && !ledger.allowed.has(effectId)) {
        report("same content is held", `${effectId} says the same as ${first}`);
      }
      if (latest.get(effectId) !== mail.attemptId) {
        report("one acceptable attempt", `${mail.attemptId} was accepted after another was begun`);
      }
    },
  };
}
