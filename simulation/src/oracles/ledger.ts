import type { AcceptedMail } from "../worlds/ses.js";

/** What the scenario put into the queue: one business event, possibly as several messages. */
export interface ProducedMessage {
  readonly messageId: string;
  /** The digest of its key; `undefined` for what has none. */
  readonly key: string | undefined;
  readonly groupId: string | undefined;
  readonly sequence: number;
  /** True time, ms from virtual 0. */
  readonly sentAt: number;
  /** Mails that its key owes in the end, by effect slot; empty for what must be dead-lettered. */
  readonly effects: readonly string[];
  readonly kind: string;
  readonly body: string;
  /** Put back from the dead-letter queue: order is given up. */
  readonly redriven: boolean;
}

/** What really happened, as only the world knows it. The oracles judge by it. */
export interface Ledger {
  readonly produced: Map<string, ProducedMessage>;
  /** Accepted mails by effect id (`<key digest>-<slot>`). */
  readonly mails: Map<string, AcceptedMail[]>;
  /** Keys whose record was durably done. */
  readonly done: Set<string>;
  /** Effects that an operator dropped. */
  readonly dropped: Set<string>;
  /** Effects that an operator let past the tripwire. */
  readonly allowed: Set<string>;
  /** Effects of done records that their handler gave up: what was sent of them may still arrive. */
  readonly waived: Set<string>;
  /** Messages whose copy stands in the dead-letter queue. */
  readonly copied: Set<string>;
  /** Those of them that were given up for their decoder's faults: no record can know that they are. */
  readonly copiedUnread: Set<string>;
  /** Messages that the queue's own redrive policy moved. */
  readonly movedByQueue: Set<string>;
  readonly deleted: Set<string>;
  /** Effects that may be sent twice, each by a limit that docs/guarantees.md states. */
  readonly excused: Map<string, string>;
  /** Effects whose content is reserved no more, by a limit that docs/guarantees.md states. */
  readonly unreserved: Set<string>;
  /** Keys whose binding to their content was lost. */
  readonly unbound: Set<string>;
  /** Attempts that were settled, until a failover lost that. */
  readonly unsettled: Set<string>;
  /** How often a handler began with each message. */
  readonly tries: Map<string, number>;
  /** Keys of which the provider refused a mail for itself, or may have. */
  readonly refused: Set<string>;
  /** Attempts whose grant reached the process that asked. */
  readonly heard: Set<string>;
}

export function createLedger(): Ledger {
  return {
    produced: new Map(),
    mails: new Map(),
    done: new Set(),
    dropped: new Set(),
    allowed: new Set(),
    waived: new Set(),
    copied: new Set(),
    copiedUnread: new Set(),
    movedByQueue: new Set(),
    deleted: new Set(),
    excused: new Map(),
    unreserved: new Set(),
    unbound: new Set(),
    unsettled: new Set(),
    tries: new Map(),
    refused: new Set(),
    heard: new Set(),
  };
}

/** Nothing more will be done for this message. */
export function isTerminal(ledger: Ledger, message: ProducedMessage): boolean {
  return (
    ledger.deleted.has(message.messageId) ||
    ledger.copied.has(message.messageId) ||
    ledger.movedByQueue.has(message.messageId) ||
    (message.key !== undefined && ledger.done.has(message.key))
  );
}

/** The effect (`<key digest>-<slot>`) that an attempt is one try at. */
export function effectOf(attemptId: string): string {
  return attemptId.split("-").slice(0, -3).join("-");
}

/** Whether the record of this key lost something that it had acknowledged. */
export function isKeyExcused(ledger: Ledger, key: string): boolean {
  return [...ledger.excused.keys()].some((effectId) => effectId.startsWith(key));
}
