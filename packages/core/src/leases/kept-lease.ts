import type { HeapEntry } from "../timing/deadline-heap.js";
import type { LossReason } from "../events.js";
import type { Lease, QueueMessage } from "../ports/index.js";

/** What is kept of one delivery. All times are on the keeper's timeline. */
export interface KeptLease {
  /** The newest delivery of the message. */
  readonly message: QueueMessage;
  /** Until when the queue is known to hide the message: counted from the request that said so. */
  readonly visibleUntil: number;
  /** Until when the store is known to hold the claim; 0 without a claim. */
  readonly claimedUntil: number;
  /** The claim that is kept, if any. */
  readonly claim: Lease | undefined;
  /** A later delivery of the same message: its handle is the one that counts from now on. */
  renewHandle(message: QueueMessage, receivedAt: number): void;
  /** From the granted claim on the store's lease is extended too, never beyond the visibility. */
  bindClaim(claim: Lease, claimedUntil: number): void;
  unbindClaim(): void;
  /** Ends the handler's time at `at`; `undefined` lifts the limit. */
  limitProcessing(at: number | undefined): void;
  /** Stops keeping it; what it returns resolves once no extension of it is under way any more. */
  drop(): Promise<void> | undefined;
}

/** What a kept lease asks of its keeper. */
export interface Upkeep {
  readonly time: () => number;
  /** Something changed that may make it due at another time. */
  readonly schedule: (entry: KeptEntry) => void;
  /** A later delivery came at `at`: visibility begins anew. */
  readonly renewed: (entry: KeptEntry, at: number) => void;
  readonly drop: (entry: KeptEntry) => void;
}

/** The keeper's side of a lease. A class, since each message has one. */
export class KeptEntry implements HeapEntry, KeptLease {
  dueAt = 0;
  heapIndex = -1;
  visibleUntil = 0;
  claimedUntil = 0;
  claim: Lease | undefined = undefined;
  processUntil: number | undefined = undefined;
  /** When the next extension is due; moved only by a confirmed extension or a failed one's retry. */
  extendAt = 0;
  failures = 0;
  extending = false;
  /** The calls under way that name it. */
  underWay: Promise<void> | undefined = undefined;
  lost = false;

  constructor(
    private readonly upkeep: Upkeep,
    public message: QueueMessage,
    /** When the visibility of this delivery began at the earliest: the 12 hours count from here. */
    public receivedAt: number,
    readonly onLost: (reason: LossReason) => void,
  ) {}

  renewHandle(next: QueueMessage, at: number): void {
    this.message = next;
    this.receivedAt = at;
    this.failures = 0;
    this.lost = false;
    this.upkeep.renewed(this, at);
  }

  bindClaim(claim: Lease, claimedUntil: number): void {
    this.claim = claim;
    this.claimedUntil = claimedUntil;
    this.lost = false;
    // A claim made late in the visibility is short: the renewal may not wait for longer.
    this.extendAt = Math.min(this.extendAt, (this.upkeep.time() + claimedUntil) / 2);
    this.upkeep.schedule(this);
  }

  unbindClaim(): void {
    this.claim = undefined;
    this.claimedUntil = 0;
  }

  limitProcessing(at: number | undefined): void {
    this.processUntil = at;
    this.upkeep.schedule(this);
  }

  drop(): Promise<void> | undefined {
    this.lost = true;
    this.upkeep.drop(this);
    return this.underWay;
  }
}

/**
 * A lease that nobody extends: the messages of an invocation that ends at a known time.
 *
 * @param until on the timeline of leases
 */
export function fixedLease(message: QueueMessage, until: number): KeptLease {
  const lease = {
    message,
    visibleUntil: until,
    claimedUntil: 0,
    claim: undefined as Lease | undefined,
    renewHandle: () => undefined,
    bindClaim: (claim: Lease, claimedUntil: number) => {
      lease.claim = claim;
      lease.claimedUntil = claimedUntil;
    },
    unbindClaim: () => {
      lease.claim = undefined;
      lease.claimedUntil = 0;
    },
    limitProcessing: () => undefined,
    drop: () => undefined,
  };
  return lease;
}
