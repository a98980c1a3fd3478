import type { SqsEvent, SqsQueue } from "../worlds/sqs.js";
import { type AttemptStart, formatAttemptId } from "@exactly-once/core/ports";
import type { AcceptedMail } from "../worlds/ses.js";
import type { StoreEvent } from "../worlds/store.js";
import { effectOf, isTerminal, type Ledger, type ProducedMessage } from "./ledger.js";
import type { Report } from "./violations.js";

/** What a process's clock gains on the true one within an attempt's time, with room to spare. */
const DRIFT_MS = 50;

export interface QueueOracle {
  onQueue(queue: SqsQueue, event: SqsEvent): void;
  onStore(event: StoreEvent): void;
  onMail(mail: AcceptedMail): void;
  /** A process asks for an attempt: it must still have reason to trust in its delivery. */
  onAsked(start: AttemptStart): void;
  /** A process asks for a lease on the key of this message, for so long. */
  onLeased(messageId: string, leaseMs: number): void;
}

/** A message leaves only when done or dead-lettered, and a FIFO group keeps its order. */
export function queueOracle(
  ledger: Ledger,
  main: () => SqsQueue,
  dlq: () => SqsQueue,
  now: () => number,
  report: Report,
): QueueOracle {
  const claimedBy = new Map<string, string>();
  /** The message that each attempt was begun for. */
  const begunFor = new Map<string, string>();
  const asked = new Set<string>();
  /** The last message of each group of which something was begun. */
  const front = new Map<string, ProducedMessage>();

  function onDeleted(messageId: string): void {
    const message = ledger.produced.get(messageId);
    if (message && !isTerminal(ledger, message)) {
      report("deleted only when done", `${messageId} (${message.kind}) was deleted`);
    }
    ledger.deleted.add(messageId);
  }

  function onBegun(message: ProducedMessage): void {
    const group = message.groupId ?? "";
    const known = front.get(group);
    if (!message.redriven && (!known || known.sequence < message.sequence))
      front.set(group, message);
    for (const other of ledger.produced.values()) {
      if (other.groupId !== message.groupId || other.sequence >= message.sequence) continue;
      if (other.redriven || message.redriven || other.key === message.key) continue;
      if (!isTerminal(ledger, other)) {
        report("order", `${message.messageId} was begun while ${other.messageId} isn't terminal`);
      }
    }
  }

  return {
    onQueue: (queue, event) => {
      const { message } = event;
      if (queue === main()) {
        if (event.type === "deleted") onDeleted(message.id);
        else if (event.type === "redriven") ledger.movedByQueue.add(message.id);
        else if (event.type === "expired")
          report("no loss", `${message.id} outlived its retention`);
      } else if (queue === dlq() && event.type === "sent") {
        const { originalId, deadLetter = "" } = message.attributes;
        if (originalId === undefined) return;
        ledger.copied.add(originalId);
        if (deadLetter.includes("decoderFault")) ledger.copiedUnread.add(originalId);
      }
    },
    onMail: ({ attemptId }) => {
      // Where the handler gave it up, nobody waited for what became of it.
      const effectId = effectOf(attemptId);
      if (ledger.excused.has(effectId) || ledger.waived.has(effectId)) return;
      const [key] = attemptId.split("-");
      const messages = [...ledger.produced.values()].filter((message) => message.key === key);
      const [message] = messages;
      if (!message?.groupId || messages.some(({ redriven }) => redriven)) return;
      // By limits that docs/guarantees.md states.
      if (messages.some(({ messageId }) => ledger.copiedUnread.has(messageId))) return;
      if (ledger.movedByQueue.has(begunFor.get(attemptId) ?? "")) return;
      const ahead = front.get(message.groupId);
      const last = Math.max(...messages.map(({ sequence }) => sequence));
      if (ahead && ahead.sequence > last) {
        report("order", `${attemptId} was accepted after ${ahead.messageId} was begun`);
      }
    },
    onAsked: (start) => {
      const attemptId = formatAttemptId(start);
      // A replay may come later; and on a standard queue others may shorten the visibility.
      if (asked.has(attemptId) || !main().fifo) return;
      asked.add(attemptId);
      const id = claimedBy.get(start.owner);
      const message = main()
        .messages()
        .find((stored) => stored.id === id);
      const until = now() + start.timeoutMs;
      if (message && message.visibleAt < until - DRIFT_MS) {
        const text = `${attemptId} may be sent until ${until}, visible again at ${message.visibleAt}`;
        report("no trust in a lapsed lease", text);
      }
    },
    onLeased: (messageId, leaseMs) => {
      const message = main()
        .messages()
        .find(({ id }) => id === messageId);
      // On a standard queue others may shorten the visibility.
      if (!message || !main().fifo) return;
      const until = now() + leaseMs;
      if (message.visibleAt < until - DRIFT_MS && leaseMs > DRIFT_MS) {
        const text = `${messageId} until ${until}, visible again at ${message.visibleAt}`;
        report("a claim ends before the visibility", text);
      }
    },
    onStore: (event) => {
      if (!main().fifo) return;
      if (event.command === "claim") {
        event.reply.forEach((reply, index) => {
          const item = event.args[0][index];
          if (reply instanceof Error || !item) return;
          if (reply.status === "claimed") claimedBy.set(item.owner, item.messageId);
        });
      } else if (event.command === "begin" && event.reply === "granted") {
        const [start] = event.args;
        const message = ledger.produced.get(claimedBy.get(start.owner) ?? "");
        if (!message) return;
        begunFor.set(formatAttemptId(start), message.messageId);
        onBegun(message);
      }
    },
  };
}
