import type { HistoryEvent } from "./history.js";

/** A message as far as the history has come. */
export interface Message {
  readonly id: string;
  readonly key: string | undefined;
  readonly group: string | undefined;
  readonly owes: readonly string[];
  readonly isHopeless: boolean;
  readonly isRedriven: boolean;
  isReceived: boolean;
  isDeleted: boolean;
  isDeadLettered: boolean;
  /** Dead-lettered by the queue itself, which gives up order. */
  isMovedByQueue: boolean;
  /** Dead-lettered, and then delivered again since its deletion was lost. */
  isBack: boolean;
  /** A request for one of its effects was seen. */
  isBegun: boolean;
}

interface Effect {
  readonly mails: { readonly attempt: string; readonly mail: string }[];
  /** Somebody took it on himself that it may go out twice. */
  allowed: boolean;
  /** Given up by an operator or by the service itself. */
  givenUp: boolean;
}

/** What the history has told so far. */
export class Ledger {
  readonly messages = new Map<string, Message>();
  /** The messages of each FIFO group, in order. */
  readonly groups = new Map<string, Message[]>();
  readonly #effects = new Map<string, Effect>();
  readonly #lostEvidence = new Set<string>();
  readonly #lostKeys = new Set<string>();

  take(event: HistoryEvent): void {
    switch (event.type) {
      case "queued":
        this.#queue(event);
        break;
      case "received":
        this.#change(event.messageId, (message) => {
          message.isReceived = true;
          message.isBack = message.isDeadLettered;
        });
        break;
      case "deleted":
        this.#change(event.messageId, (message) => (message.isDeleted = true));
        break;
      case "deadLettered":
        this.#change(event.messageId, (message) => {
          message.isDeadLettered = true;
          message.isMovedByQueue = event.by === "queue";
        });
        break;
      case "request": {
        const { attempt, effect, mail } = event;
        const { mails } = this.effect(effect);
        // A provider that dedupes answers the next request with the first one's mail.
        if (mail !== undefined && !mails.some((known) => known.mail === mail)) {
          mails.push({ attempt, mail });
        }
        // Of several messages of one key the first that is still there is the one that is handled.
        const present = this.messagesOf(effect).find((message) => !isGone(message));
        if (present) present.isBegun = true;
        break;
      }
      case "verdict": {
        const effect = this.effect(event.effect);
        // What people or a policy say is theirs: guarantees.md, "People".
        if (event.verdict === "resend") effect.allowed = true;
        if (event.by === "operator" && event.verdict === "notSent" && effect.mails.length > 0) {
          effect.allowed = true;
        }
        if (event.by === "silence" && this.isEvidenceLost(event.attempt)) effect.allowed = true;
        if (event.verdict === "drop" || event.verdict === "sent") effect.givenUp = true;
        break;
      }
      case "waived":
        this.effect(event.effect).givenUp = true;
        break;
      case "evidenceLost":
        this.#lostEvidence.add(event.attempt);
        break;
      case "storeLost":
        this.#lostKeys.add(event.key);
        break;
      default:
        break;
    }
  }

  effect(id: string): Effect {
    const known = this.#effects.get(id);
    if (known) return known;
    const effect = { mails: [], allowed: false, givenUp: false };
    this.#effects.set(id, effect);
    return effect;
  }

  isSettled(id: string): boolean {
    const { mails, givenUp } = this.effect(id);
    return mails.length > 0 || givenUp;
  }

  /** Whether everything that is seen of the message from outside is over. */
  isOver(message: Message): boolean {
    const { isDeleted, isDeadLettered, isReceived, isHopeless, owes } = message;
    if (isDeleted || isDeadLettered || this.isKeyDeadLettered(message)) return true;
    // What nothing is sent for is over in the record before it leaves the queue.
    if (owes.length === 0) return isReceived && !isHopeless;
    return owes.every((effect) => this.isSettled(effect));
  }

  messagesOf(effect: string): readonly Message[] {
    return [...this.messages.values()].filter(
      ({ owes, key }) =>
        owes.includes(effect) || (key !== undefined && effect.startsWith(`${key}-`)),
    );
  }

  /** Of two messages of one key one was dead-lettered: what it owed is the operator's. */
  isKeyDeadLettered({ key }: Message): boolean {
    if (key === undefined) return false;
    return [...this.messages.values()].some((other) => other.key === key && other.isDeadLettered);
  }

  isEvidenceLost(attempt: string): boolean {
    return this.#lostEvidence.has(attempt);
  }

  /** By a limit that docs/guarantees.md states. */
  isExcused(effect: string): boolean {
    return [...this.#lostKeys].some((key) => effect.startsWith(`${key}-`));
  }

  #queue(event: Extract<HistoryEvent, { readonly type: "queued" }>): void {
    const { messageId: id, key, group, owes, hopeless = false, redriven = false } = event;
    const message: Message = {
      ...{ id, key, group, owes, isHopeless: hopeless, isRedriven: redriven },
      ...{
        isReceived: false,
        isDeleted: false,
        isDeadLettered: false,
        isMovedByQueue: false,
        isBack: false,
        isBegun: false,
      },
    };
    this.messages.set(id, message);
    if (group !== undefined) this.groups.set(group, [...(this.groups.get(group) ?? []), message]);
  }

  #change(messageId: string, change: (message: Message) => void): void {
    const message = this.messages.get(messageId);
    if (message) change(message);
  }
}

function isGone({ isDeleted, isDeadLettered }: Message): boolean {
  return isDeleted || isDeadLettered;
}
