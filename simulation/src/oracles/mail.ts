import type { TripwirePolicy } from "@exactly-once/core";
import { type AttemptStart, formatAttemptId, parseAttemptId } from "@exactly-once/core/ports";
import { DEDUPE_MS, type AcceptedMail } from "../worlds/ses.js";
import type { LostWrite, StoreEvent } from "../worlds/store.js";
import type { Ledger } from "./ledger.js";
import type { Report } from "./violations.js";

export interface MailOracle {
  onStore(event: StoreEvent): void;
  onMail(mail: AcceptedMail): void;
  onFailOver(lost: readonly LostWrite[]): void;
}

const HOUR_MS = 3_600_000;

/**
 * No duplicate: at most one accepted mail per effect; each only for an attempt that was durably
 * begun, and none for an attempt after which another was begun, but where the provider takes both for one.
 */
export function mailOracle(
  ledger: Ledger,
  rates: TripwirePolicy | undefined,
  now: () => number,
  report: Report,
): MailOracle {
  /** The latest attempt begun, by effect id. */
  const latest = new Map<string, string>();
  const begun = new Set<string>();
  /** Effects that were begun again for a provider that dedupes. */
  const repeated = new Set<string>();
  /** Who got this content first, by recipient and content. */
  const contents = new Map<string, string>();

  /** Effects sent to each recipient, without those that were let past the tripwire. */
  const perRecipient = new Map<string, Set<string>>();

  /** In the first hour no effect is counted out again. */
  function judgeRate({ recipient, at }: AcceptedMail, effectId: string): void {
    const budget = rates?.perRecipient;
    const limit = budget?.onExceeded === "block" ? budget.limit : undefined;
    if (limit === undefined || at > HOUR_MS || ledger.allowed.has(effectId)) return;
    const effects = perRecipient.get(recipient) ?? new Set();
    perRecipient.set(recipient, effects.add(effectId));
    if (effects.size > limit) report("rates are blocked", `${effects.size} for ${recipient}`);
  }

  function tell(oracle: string, effectId: string, text: string): void {
    if (!ledger.excused.has(effectId)) report(oracle, text);
  }

  function onBegun(start: AttemptStart): void {
    const attemptId = formatAttemptId(start);
    const effectId = `${start.key}-${start.effect}`;
    const before = latest.get(effectId);
    const [first] = ledger.mails.get(effectId) ?? [];
    const repeats = start.repeatWithinMs !== undefined;
    if (repeats) repeated.add(effectId);
    if (before !== attemptId && first) {
      const end = now() + start.timeoutMs + start.validityMs;
      const isCovered = repeats && end < first.at + DEDUPE_MS;
      const text = `${attemptId} was begun although a mail is accepted`;
      if (!isCovered) tell("one acceptable attempt", effectId, text);
    }
    latest.set(effectId, attemptId);
    begun.add(attemptId);
  }

  return {
    onFailOver: (lost) => {
      for (const write of lost) {
        if (write.command === "begin" && write.reply === "granted") {
          const { key, effect } = write.args[0];
          ledger.excused.set(`${key}-${effect}`, "the store lost its begin");
        } else if (write.command === "block") {
          ledger.unbound.add(write.args[0].key);
        } else if (write.command === "complete") {
          for (const { key } of write.args[0]) ledger.unbound.add(key);
        } else if (write.command === "settle") {
          ledger.unsettled.add(formatAttemptId(write.args[0]));
        } else if (write.command === "reserve") ledger.unreserved.add(write.holder);
      }
    },
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
        tell("no duplicate", effectId, `${mails.length} mails for ${effectId}: ${ids}`);
      }
      judgeRate(mail, effectId);
      const first = contents.get(mail.contentDigest) ?? effectId;
      contents.set(mail.contentDigest, first);
      if (ledger.unreserved.has(first) || ledger.unreserved.has(effectId)) return;
      // Whichever of the two comes last: letting one pass let both be sent.
      const allowed = ledger.allowed.has(effectId) || ledger.allowed.has(first);
      if (first !== effectId && !allowed) {
        report("same content is blocked", `${effectId} says the same as ${first}`);
      }
      if (latest.get(effectId) !== mail.attemptId && !repeated.has(effectId)) {
        const text = `${mail.attemptId} was accepted after another was begun`;
        tell("one acceptable attempt", effectId, text);
      }
    },
  };
}
