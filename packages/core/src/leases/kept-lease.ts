import { MAX_VISIBILITY_MS, type Lease, type QueueMessage } from "../ports/index.js";

/** A claim as this process was granted it. */
export interface GrantedClaim extends Lease {
  /** The record's count, this claim included. */
  readonly tries: number;
}

/** What is kept of one delivery. All times are on the keeper's timeline. */
export interface KeptLease {
  /** The newest delivery of the message. */
  readonly message: QueueMessage;
  /** Until when the queue is known to hide the message: counted from the request that said so. */
  readonly visibleUntil: number;
  /** Until when the store is known to hold the claim; 0 without a claim. */
  readonly claimedUntil: number;
  /** The claim that is kept, if any. */
  readonly claim: GrantedClaim | undefined;
  /**
   * Milliseconds for which the queue would still hide it, if asked now: no delivery is hidden for
   * longer than 12 hours from its receipt.
   */
  readonly longestDelayMs: number;
  /** A later delivery of the same message: its handle is the one that counts from now on. */
  renewHandle(message: QueueMessage, receivedAt: number): void;
  /** From the granted claim on the store's lease is extended too, never beyond the visibility. */
  bindClaim(claim: GrantedClaim, claimedUntil: number): void;
  unbindClaim(): void;
  /** Ends the handler's time at `at`; `undefined` lifts the limit. */
  limitProcessing(at: number | undefined): void;
  /** Stops keeping it; what it returns resolves once no extension of it is under way any more. */
  drop(): Promise<void> | undefined;
}

/**
 * A lease that nobody extends: the messages of an invocation that ends at a known time.
 *
 * @param until on the timeline of leases
 */
export function fixedLease(message: QueueMessage, until: number): KeptLease {
  return new FixedLease(message, until);
}

/** Of the 12 hours, what may have gone by between the receipt and the invocation, and goes by in it. */
const INVOCATION_MS = 30 * 60_000;

class FixedLease implements KeptLease {
  readonly longestDelayMs = MAX_VISIBILITY_MS - INVOCATION_MS;
  #claim: GrantedClaim | undefined = undefined;
  #claimedUntil = 0;

  constructor(
    readonly message: QueueMessage,
    readonly visibleUntil: number,
  ) {}

  get claim(): GrantedClaim | undefined {
    return this.#claim;
  }

  get claimedUntil(): number {
    return this.#claimedUntil;
  }

  bindClaim(claim: GrantedClaim, claimedUntil: number): void {
    this.#claim = claim;
    this.#claimedUntil = claimedUntil;
  }

  unbindClaim(): void {
    this.#claim = undefined;
    this.#claimedUntil = 0;
  }

  /** Its host knows of no later delivery. */
  renewHandle(): void {}

  /** Its host ends by itself, sooner than any limit. */
  limitProcessing(): void {}

  drop(): undefined {}
}
