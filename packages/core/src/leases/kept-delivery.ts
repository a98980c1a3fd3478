import type { LossReason } from "../events.js";
import { MAX_VISIBILITY_MS, type QueueMessage } from "../ports/index.js";
import type { HeapEntry } from "../timing/deadline-heap.js";
import type { GrantedClaim, KeptLease } from "./kept-lease.js";

/** An extension that would reach beyond the 12 hours is an error, so stay clear of them. */
const CAP_MARGIN_MS = 5_000;
/** A lease is renewed when this part of it is over: leaves as long again for retries. */
const RENEW_AT = 0.5;
/** A batch is filled up with leases that are at least this far gone; younger ones aren't worth it. */
const FILL_FROM = 0.25;

/** Before the end of a lease by this much, nobody may count on it any more. */
export function hardMargin(visibilityMs: number): number {
  return Math.min(2_000, visibilityMs / 10);
}

/** What all deliveries of a keeper have in common. */
export interface Upkeep {
  readonly time: () => number;
  /** Milliseconds each extension asks for. */
  readonly visibilityMs: number;
  /** Something changed that may make it due at another time. */
  readonly schedule: (delivery: KeptDelivery) => void;
  readonly drop: (delivery: KeptDelivery) => void;
}

/**
 * Whether the delivery is trusted, and whether an extension of it is under way. `KeptDelivery` alone
 * changes it:
 *
 * `kept`: its next extension is due at `extendAt`. When that comes the keeper asks for one (`ask`).
 *
 * `asked`: an extension waits for its turn or for its answer. The answer makes it `kept` again, with a
 * later deadline (`confirm`) or a sooner next try (`retrySoon`), or `lost`.
 *
 * `lost`: the queue or the store said so, none was confirmed by the hard end, or it was dropped.
 * Nothing is extended; an extension under way still has to be answered (`asked`). A later delivery
 * (`renewHandle`), or a claim that was granted at this moment, makes it trusted again.
 *
 * Deadlines move only when the provider said yes, and count from when the request was sent.
 */
type State =
  | { readonly is: "kept"; readonly asked: false }
  | { readonly is: "asked"; readonly asked: true }
  | { readonly is: "lost"; readonly asked: boolean };

const KEPT: State = { is: "kept", asked: false };
const ASKED: State = { is: "asked", asked: true };
const LOST: State = { is: "lost", asked: false };
const LOST_WHILE_ASKED: State = { is: "lost", asked: true };

/** The keeper's side of a lease. A class, since each message has one. */
export class KeptDelivery implements HeapEntry, KeptLease {
  /** These two are the heap's. */
  dueAt = 0;
  heapIndex = -1;
  readonly #upkeep: Upkeep;
  #state: State = KEPT;
  #message: QueueMessage;
  /** When the visibility of this delivery began at the earliest: the 12 hours count from here. */
  #receivedAt: number;
  #visibleUntil: number;
  #extendAt: number;
  #claim: GrantedClaim | undefined = undefined;
  #claimedUntil = 0;
  #processUntil: number | undefined = undefined;
  /** The calls under way that name it. */
  #underWay: Promise<void> | undefined = undefined;

  constructor(
    upkeep: Upkeep,
    message: QueueMessage,
    receivedAt: number,
    readonly onLost: (reason: LossReason) => void,
  ) {
    this.#upkeep = upkeep;
    this.#message = message;
    this.#receivedAt = receivedAt;
    this.#visibleUntil = receivedAt + upkeep.visibilityMs;
    this.#extendAt = receivedAt + upkeep.visibilityMs * RENEW_AT;
  }

  get message(): QueueMessage {
    return this.#message;
  }

  get visibleUntil(): number {
    return this.#visibleUntil;
  }

  get claimedUntil(): number {
    return this.#claimedUntil;
  }

  get claim(): GrantedClaim | undefined {
    return this.#claim;
  }

  get longestDelayMs(): number {
    return Math.max(0, this.#capUntil - this.#upkeep.time());
  }

  get isLost(): boolean {
    return this.#state.is === "lost";
  }

  get isAsked(): boolean {
    return this.#state.asked;
  }

  /** The last moment at which the handler may still trust what was confirmed. */
  get hardEnd(): number {
    const until = this.#claim
      ? Math.min(this.#visibleUntil, this.#claimedUntil)
      : this.#visibleUntil;
    return until - hardMargin(this.#upkeep.visibilityMs);
  }

  /** When the keeper has to look at it next. */
  get due(): number {
    const upkeepAt = this.#state.asked ? this.hardEnd : this.#extendAt;
    return Math.min(upkeepAt, this.#processUntil ?? Infinity);
  }

  /** What it is lost by, once its hard end is over. */
  get lossReason(): LossReason {
    return this.#visibleUntil >= this.#capUntil ? "maxVisibility" : "unconfirmed";
  }

  get #capUntil(): number {
    return this.#receivedAt + MAX_VISIBILITY_MS - CAP_MARGIN_MS;
  }

  isOutOfTime(now: number): boolean {
    return this.#processUntil !== undefined && this.#processUntil <= now;
  }

  /** Whether it is far enough gone to be taken along with others. */
  isWorthExtending(now: number): boolean {
    const soon = now + this.#upkeep.visibilityMs * (RENEW_AT - FILL_FROM);
    return this.#state.is === "kept" && this.#extendAt <= soon;
  }

  /** Milliseconds that may be asked for by a request sent at `at`: no delivery outlives 12 hours. */
  extensionMs(at: number): number {
    return Math.min(this.#upkeep.visibilityMs, this.#capUntil - at);
  }

  renewHandle(next: QueueMessage, at: number): void {
    this.#message = next;
    this.#receivedAt = at;
    this.#trustAgain();
    this.#visibleFor(at + this.#upkeep.visibilityMs);
  }

  bindClaim(claim: GrantedClaim, claimedUntil: number): void {
    this.#claim = claim;
    this.#claimedUntil = claimedUntil;
    this.#trustAgain();
    // A claim made late in the visibility is short: the renewal may not wait for longer.
    this.#extendAt = Math.min(this.#extendAt, (this.#upkeep.time() + claimedUntil) / 2);
    this.#upkeep.schedule(this);
  }

  unbindClaim(): void {
    this.#claim = undefined;
    this.#claimedUntil = 0;
  }

  limitProcessing(at: number | undefined): void {
    this.#processUntil = at;
    this.#upkeep.schedule(this);
  }

  drop(): Promise<void> | undefined {
    this.lose();
    return this.#underWay;
  }

  /** kept → asked. @param call resolves, and never rejects, once it is over */
  ask(call: Promise<void>): void {
    this.#state = ASKED;
    this.#underWay = call;
    this.#upkeep.schedule(this);
  }

  /** Its extension has its turn, or its answer: asked → kept. What was lost meanwhile stays so. */
  answered(): void {
    this.#state = this.isLost ? LOST : KEPT;
  }

  /** Within kept: the queue hides it until then. */
  confirm(visibleUntil: number): void {
    this.#visibleFor(visibleUntil);
  }

  /** Within kept: the store holds its claim until then at least. */
  confirmClaim(claimedUntil: number): void {
    this.#claimedUntil = Math.max(this.#claimedUntil, claimedUntil);
    this.#upkeep.schedule(this);
  }

  /** Within kept: again within what is left, sooner and sooner, but not much faster than once a second. */
  retrySoon(): void {
    const now = this.#upkeep.time();
    this.#extendAt = now + Math.max(this.#minGapMs, (this.hardEnd - now) / 5);
    this.#upkeep.schedule(this);
  }

  /** Its deadlines are as they were, but what it is due for may be another thing now. */
  reschedule(): void {
    this.#upkeep.schedule(this);
  }

  /** The queue says that this delivery is over: any → lost, whatever is granted at this moment. */
  loseVisibility(): void {
    this.#visibleUntil = this.#upkeep.time();
    this.lose();
  }

  /** any → lost. */
  lose(): void {
    this.#state = this.#state.asked ? LOST_WHILE_ASKED : LOST;
    this.#upkeep.drop(this);
  }

  #trustAgain(): void {
    this.#state = this.#state.asked ? ASKED : KEPT;
  }

  #visibleFor(until: number): void {
    this.#visibleUntil = until;
    // At the cap there is nothing more to ask for: what is confirmed counts to its end. A slow call
    // must not make the next one due at once.
    this.#extendAt =
      until >= this.#capUntil
        ? this.hardEnd
        : Math.max(
            until - this.#upkeep.visibilityMs * (1 - RENEW_AT),
            this.#upkeep.time() + this.#minGapMs,
          );
    this.#upkeep.schedule(this);
  }

  /** Extensions of one lease are at least this far apart. */
  get #minGapMs(): number {
    return this.#upkeep.visibilityMs / 60;
  }
}
