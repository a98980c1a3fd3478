import type { Finding, HistoryEvent, HistoryLimits } from "./history.js";
import { Ledger, type Message } from "./ledger.js";

type Event<Type extends HistoryEvent["type"]> = Extract<HistoryEvent, { readonly type: Type }>;

/**
 * Judges a history by docs/guarantees.md: no duplicate, no loss, order, evidence, pause. It shares no code
 * with what it judges, nor with the simulator's oracles, and knows of nothing but what was seen outside.
 */
export function checkHistory(
  history: readonly HistoryEvent[],
  limits: HistoryLimits,
): readonly Finding[] {
  const checker = new Checker(limits);
  history.forEach((event, index) => {
    checker.take(event, index);
  });
  return checker.findings;
}

class Checker {
  readonly findings: Finding[] = [];
  readonly #ledger = new Ledger();
  readonly #limits: HistoryLimits;
  #index = 0;
  #pausedAt: number | undefined = undefined;
  readonly #awakeSince = new Map<string, number>();

  constructor(limits: HistoryLimits) {
    this.#limits = limits;
  }

  take(event: HistoryEvent, index: number): void {
    this.#index = index;
    switch (event.type) {
      case "deleted":
        this.#judgeDeletion(event.messageId);
        break;
      case "expired":
        this.#find("no loss", `${event.messageId} outlived the queue's retention`);
        break;
      case "request":
        this.#judgePause(event);
        this.#judgeDuplicate(event);
        this.#judgeOrder(event);
        break;
      case "verdict":
        this.#judgeVerdict(event);
        break;
      case "paused":
        this.#pausedAt ??= event.at;
        break;
      case "resumed":
        this.#pausedAt = undefined;
        break;
      case "stoodStill":
        this.#awakeSince.set(event.process, event.until);
        break;
      case "unresolved":
        this.#find("evidence", `what became of ${event.attempt} is unknown to the end`);
        break;
      case "end":
        this.#judgeEnd();
        break;
      default:
        break;
    }
    this.#ledger.take(event);
  }

  #find(promise: Finding["promise"], text: string): void {
    this.findings.push({ promise, index: this.#index, text });
  }

  /** At most one request is accepted. */
  #judgeDuplicate({ effect, attempt, mail }: Event<"request">): void {
    const { mails, allowed } = this.#ledger.effect(effect);
    const [first] = mails;
    // What came too late to be accepted was refused for it.
    if (!first || mail === undefined || mail === first.mail) return;
    if (allowed || this.#ledger.isExcused(effect)) return;
    this.#find("no duplicate", `${attempt} was accepted, and ${first.attempt} had been`);
  }

  /** A message leaves the queue once its effects are settled, or once a copy is kept. */
  #judgeDeletion(messageId: string): void {
    const message = this.#ledger.messages.get(messageId);
    if (!message || message.isDeadLettered || this.#ledger.isKeyDeadLettered(message)) return;
    const open = message.owes.find((effect) => !this.#ledger.isSettled(effect));
    if (open !== undefined) this.#find("no loss", `${messageId} was deleted, ${open} is open`);
    if (message.isHopeless) this.#find("no loss", `${messageId} was deleted without a copy`);
  }

  /** Nothing of a message is sent while an earlier one of its group isn't over, or after a later one began. */
  #judgeOrder({ effect, attempt, mail }: Event<"request">): void {
    // A waived effect's mail may still arrive, after later messages.
    if (mail === undefined || this.#ledger.isExcused(effect)) return;
    const { givenUp, allowed, mails } = this.#ledger.effect(effect);
    // One that may be sent again may be so late, and a provider that dedupes sends nothing then.
    if (givenUp || allowed || mails.some((known) => known.mail === mail)) return;
    const own = this.#ledger.messagesOf(effect);
    const isOutOfOrder = ({ group, isRedriven, isMovedByQueue, isBack }: Message): boolean =>
      !group || isRedriven || isMovedByQueue || isBack;
    if (own.length === 0 || own.some(isOutOfOrder)) return;
    const group = this.#ledger.groups.get(own[0]?.group ?? "") ?? [];
    const [first, last] = [group.indexOf(own[0] as Message), group.indexOf(own.at(-1) as Message)];
    const isOwn = (message: Message): boolean => own.includes(message);
    const before = group
      .slice(0, last)
      .find((message) => !isOwn(message) && !this.#ledger.isOver(message));
    // Of several messages of one key it isn't seen which one a request is for: what none of them may do.
    const blocks = before && group.indexOf(before) < first ? before : undefined;
    if (blocks) this.#find("order", `${attempt} was sent while ${blocks.id} isn't over`);
    const after = group.slice(last + 1).find((message) => !isOwn(message) && message.isBegun);
    if (after) this.#find("order", `${attempt} was sent after ${after.id} had begun`);
  }

  #judgePause({ at, attempt, process }: Event<"request">): void {
    if (this.#pausedAt === undefined) return;
    const sinceMs = at - Math.max(this.#pausedAt, this.#awakeSince.get(process) ?? 0);
    if (sinceMs <= this.#limits.pauseMs) return;
    this.#find("pause", `${attempt} was sent ${Math.round(sinceMs)} ms after sending was paused`);
  }

  /** Silence proves nothing of a mail that was accepted, unless its event was lost. */
  #judgeVerdict({ attempt, effect, verdict, by }: Event<"verdict">): void {
    if (verdict !== "notSent" || by !== "silence" || this.#ledger.isEvidenceLost(attempt)) return;
    if (!this.#ledger.effect(effect).mails.some((mail) => mail.attempt === attempt)) return;
    this.#find("evidence", `${attempt} was called not sent, and the provider had accepted it`);
  }

  #judgeEnd(): void {
    for (const message of this.#ledger.messages.values()) {
      if (message.isDeadLettered || this.#ledger.isKeyDeadLettered(message)) continue;
      if (!message.isDeleted) this.#find("no loss", `${message.id} is still in the queue`);
      if (message.isHopeless) this.#find("no loss", `${message.id} was never dead-lettered`);
      const open = message.owes.find((effect) => !this.#ledger.isSettled(effect));
      if (open !== undefined) this.#find("no loss", `${open} of ${message.id} was never sent`);
    }
  }
}
