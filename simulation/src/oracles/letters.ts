import type { DeadLetterReason } from "@exactly-once/core/ports";
import type { SqsEvent, SqsQueue } from "../worlds/sqs.js";
import type { StoreEvent } from "../worlds/store.js";
import type { Ledger, ProducedMessage } from "./ledger.js";
import type { Report } from "./violations.js";

export interface LetterOracle {
  onQueue(queue: SqsQueue, event: SqsEvent): void;
  onStore(event: StoreEvent): void;
}

/** What is dead-lettered for these reasons had the claim on its key: its record is dead before. */
const BURIED: ReadonlySet<string> = new Set([
  "tooOld",
  "permanent",
  "handler",
  "rejected",
  "heldTooLong",
]);
/** Reasons of others than the message, which use up none of its tries. */
const OTHERS_FAULTS =
  /the last time ended by (deferred|draining|paused|providerDown|sibling|storeDown|throttled)\b/;
const COUNTS = /^Received (\d+) times, tried (\d+),/;

/** Every dead letter is deserved, and says so truly. */
export function letterOracle(ledger: Ledger, dlq: () => SqsQueue, report: Report): LetterOracle {
  /** Messages whose record was dead for them. */
  const buried = new Set<string>();
  const receives = new Map<string, number>();

  function judge(message: ProducedMessage, { code, text }: DeadLetterReason): void {
    const { messageId, key } = message;
    if (BURIED.has(code) && key !== undefined && !buried.has(messageId)) {
      report("buried before copied", `${messageId} was copied as ${code}, its record isn't dead`);
    }
    if (code === "rejected" && !ledger.refused.has(key ?? "")) {
      report(
        "an account's trouble is no message's",
        `${messageId}, which SES never refused: ${text}`,
      );
    }
    if (code !== "retriesExhausted") return;
    const known = ledger.tries.get(messageId) ?? 0;
    // What fails before it has a key never gets to the handler, and what ends its process may not have.
    const unseen = text.includes("decoderFault") || text.includes("ended without a word");
    if (known === 0 && !unseen && key !== undefined) {
      report("tried before given up", `${messageId}, which no handler saw: ${text}`);
    }
    const [, received, tried] = COUNTS.exec(text) ?? [];
    const isTrue = Number(received) <= (receives.get(messageId) ?? 0) && Number(tried) >= 1;
    if (OTHERS_FAULTS.test(text) || !isTrue) {
      report("a dead letter says what is true", `${messageId}: ${text}`);
    }
  }

  return {
    onQueue: (queue, { type, message }) => {
      if (type === "received") receives.set(message.id, message.receiveCount);
      if (queue !== dlq() || type !== "sent") return;
      const { originalId = "", deadLetter } = message.attributes;
      const original = ledger.produced.get(originalId);
      if (original && deadLetter) judge(original, JSON.parse(deadLetter) as DeadLetterReason);
    },
    onStore: (event) => {
      if (event.command === "bury" && event.reply === "dead") buried.add(event.args[0].messageId);
    },
  };
}
