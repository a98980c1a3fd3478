import pLimit from "p-limit";
import { createDeadlineHeap } from "../timing/deadline-heap.js";
import type { Emit, LossReason } from "../events.js";
import { KeptEntry as Entry, type KeptLease, type Upkeep } from "./kept-lease.js";
import {
  MAX_VISIBILITY_MS,
  type Clock,
  type DedupeStore,
  type MessageQueue,
  type QueueMessage,
} from "../ports/index.js";
import { createWakeUp } from "../timing/alarm.js";

/** An extension that would reach beyond the 12 hours is an error, so stay clear of them. */
const CAP_MARGIN_MS = 5_000;
const BATCH = 10;
/** A lease is renewed when this part of it is over: leaves as long again for retries. */
const RENEW_AT = 0.5;
/** A batch is filled up with leases that are at least this far gone; younger ones aren't worth it. */
const FILL_FROM = 0.25;
const PARALLEL_CALLS = 5;

export interface LeaseKeeperOptions {
  readonly clock: Clock;
  /** The timeline of all deadlines here (see `leaseTime`). */
  readonly time: () => number;
  readonly queue: MessageQueue;
  readonly store: DedupeStore;
  /** Milliseconds each extension asks for. */
  readonly visibilityMs: number;
  readonly emit: Emit;
  readonly onStoreFault: (error: unknown) => void;
}

export interface LeaseKeeper {
  /**
   * @param receivedAt when the receive request was sent: visibility can't have begun earlier
   * @param onLost called at most once per claim or delivery, and never after `drop()`
   */
  keep(message: QueueMessage, receivedAt: number, onLost: (reason: LossReason) => void): KeptLease;
  readonly size: number;
  stop(): void;
}

/**
 * Keeps every lease of one consumer with a single timer: queue visibility from the moment of
 * receipt, the store's lease from the claim.
 *
 * An entry is *kept* until its delivery is dropped or lost. Each extension asks the queue first and
 * the store second, so that the store's lease never outlives the confirmed visibility. A deadline
 * moves only when the provider said yes, and counts from the time the request was sent. A failed
 * extension is repeated within what is left of the lease; when none was confirmed by the hard
 * margin the lease counts as lost, although the queue may still honour it.
 */
export function createLeaseKeeper(options: LeaseKeeperOptions): LeaseKeeper {
  const { clock, time, queue, store, visibilityMs, emit } = options;
  const marginMs = hardMargin(visibilityMs);
  /** Extensions of one lease are at least this far apart. */
  const minGapMs = visibilityMs / 60;
  const heap = createDeadlineHeap<Entry>();
  const wakeUp = createWakeUp(clock, time);
  const limit = pLimit(PARALLEL_CALLS);
  let running = false;
  let stopped = false;

  const upkeep: Upkeep = {
    time,
    schedule,
    renewed: (entry, at) => {
      moveVisibility(entry, at + visibilityMs);
    },
    drop: (entry) => {
      heap.remove(entry);
    },
  };

  function keep(
    message: QueueMessage,
    receivedAt: number,
    onLost: (reason: LossReason) => void,
  ): KeptLease {
    const entry = new Entry(upkeep, message, receivedAt, onLost);
    entry.visibleUntil = receivedAt + visibilityMs;
    entry.extendAt = receivedAt + visibilityMs * RENEW_AT;
    schedule(entry);
    return entry;
  }

  function schedule(entry: Entry): void {
    if (entry.lost || stopped) return;
    const due = Math.min(
      entry.extending ? hardEnd(entry) : entry.extendAt,
      entry.processUntil ?? Infinity,
    );
    if (entry.heapIndex >= 0 && entry.dueAt === due) return;
    heap.put(entry, due);
    wakeUp.noLaterThan(due);
    // Once everything was lost nobody runs; a lease that is trusted again has to be kept again.
    if (!running) void run();
  }

  /** The last moment at which the handler may still trust what was confirmed. */
  function hardEnd(entry: Entry): number {
    const until = entry.claim
      ? Math.min(entry.visibleUntil, entry.claimedUntil)
      : entry.visibleUntil;
    return until - marginMs;
  }

  function moveVisibility(entry: Entry, until: number): void {
    entry.visibleUntil = until;
    // At the cap there is nothing more to ask for: what is confirmed counts to its end. A slow call
    // must not make the next one due at once.
    entry.extendAt =
      until >= capUntil(entry)
        ? hardEnd(entry)
        : Math.max(until - visibilityMs * (1 - RENEW_AT), time() + minGapMs);
    schedule(entry);
  }

  function capUntil(entry: Entry): number {
    return entry.receivedAt + MAX_VISIBILITY_MS - CAP_MARGIN_MS;
  }

  async function run(): Promise<void> {
    running = true;
    // A delivery can be over as soon as it is kept; its keeper gets it in hand before it is told so.
    await Promise.resolve();
    try {
      while (!stopped && heap.size > 0) {
        const next = heap.peek() as Entry;
        if (next.dueAt > time()) await wakeUp.sleepUntil(next.dueAt);
        else work(time());
      }
    } finally {
      running = false;
    }
  }

  function work(now: number): void {
    const due: Entry[] = [];
    for (let entry = heap.peek(); entry && entry.dueAt <= now; entry = heap.peek()) {
      heap.remove(entry);
      if (entry.processUntil !== undefined && entry.processUntil <= now) {
        entry.processUntil = undefined;
        entry.onLost("maxProcessing");
        schedule(entry);
      } else if (now >= hardEnd(entry)) {
        lose(entry, entry.visibleUntil >= capUntil(entry) ? "maxVisibility" : "unconfirmed");
      } else if (!entry.extending) {
        due.push(entry);
      } else {
        schedule(entry);
      }
    }
    if (due.length === 0) return;
    fillUp(due, now);
    for (let from = 0; from < due.length; from += BATCH) {
      const batch = due.slice(from, from + BATCH);
      const underWay = limit(() => extendBatch(batch)).catch((error: unknown) => {
        emit({ type: "internalError", error });
      });
      for (const entry of batch) {
        entry.extending = true;
        entry.underWay = underWay;
        schedule(entry);
      }
    }
  }

  /** A call costs the same for ten as for one: takes along the next-soonest leases. */
  function fillUp(due: Entry[], now: number): void {
    while (due.length % BATCH !== 0) {
      const next = heap.peek();
      if (!next || next.extending || next.extendAt > now + visibilityMs * (RENEW_AT - FILL_FROM)) {
        return;
      }
      heap.remove(next);
      due.push(next);
    }
  }

  async function extendBatch(batch: readonly Entry[]): Promise<void> {
    const sentAt = time();
    // Lost while it waited for its turn: a later delivery of it has to be extended again.
    for (const entry of batch) if (entry.lost) entry.extending = false;
    const sendable = batch
      .filter((entry) => !entry.lost)
      .map((entry) => ({
        entry,
        message: entry.message,
        forMs: Math.min(visibilityMs, capUntil(entry) - sentAt),
      }));
    if (sendable.length === 0) return;
    const confirmed: Entry[] = [];
    try {
      const replies = await queue.extend(
        sendable.map(({ message, forMs }) => ({ message, visibilityMs: forMs })),
      );
      sendable.forEach(({ entry, message, forMs }, index) => {
        entry.extending = false;
        const reply = replies[index] ?? { failed: "no reply" };
        if (entry.lost) return;
        // A newer delivery came meanwhile: this reply speaks of a handle that is over.
        if (entry.message !== message) return schedule(entry);
        if (reply === "ok") {
          entry.failures = 0;
          moveVisibility(entry, sentAt + forMs);
          confirmed.push(entry);
        } else if (reply === "lost") {
          // A claim that is granted at this moment must not make it trusted again.
          entry.visibleUntil = time();
          lose(entry, "visibility");
        } else {
          retrySoon(entry);
        }
      });
      if (emit.read) {
        const failed = sendable.length - confirmed.length;
        emit({ type: "extended", count: confirmed.length, failed });
      }
    } catch (error) {
      emit({ type: "extendFailed", error });
      for (const { entry } of sendable) {
        entry.extending = false;
        if (!entry.lost) retrySoon(entry);
      }
    }
    await extendClaims(confirmed.filter((entry) => entry.claim !== undefined));
  }

  async function extendClaims(entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return;
    const sentAt = time();
    const asked = entries.flatMap((entry) =>
      entry.claim
        ? [{ entry, claim: entry.claim, leaseMs: Math.max(1, entry.visibleUntil - sentAt) }]
        : [],
    );
    try {
      const replies = await store.extend(
        asked.map(({ claim, leaseMs }) => ({ ...claim, leaseMs })),
      );
      asked.forEach(({ entry, claim, leaseMs }, index) => {
        if (entry.lost || entry.claim !== claim) return;
        if (replies[index] === "extended") {
          entry.claimedUntil = Math.max(entry.claimedUntil, sentAt + leaseMs);
          schedule(entry);
        } else {
          lose(entry, "claim");
        }
      });
    } catch (error) {
      options.onStoreFault(error);
      for (const { entry } of asked) if (!entry.lost) retrySoon(entry);
    }
  }

  /** Repeats within what is left, sooner and sooner, but never faster than a call a second or so. */
  function retrySoon(entry: Entry): void {
    entry.failures += 1;
    const now = time();
    entry.extendAt = now + Math.max(minGapMs, (hardEnd(entry) - now) / 5);
    schedule(entry);
  }

  function lose(entry: Entry, reason: LossReason): void {
    entry.lost = true;
    heap.remove(entry);
    entry.onLost(reason);
  }

  return {
    keep,
    get size() {
      return heap.size;
    },
    stop: () => {
      stopped = true;
      wakeUp.end();
    },
  };
}

/** Before the end of a lease by this much, nobody may count on it any more. */
export function hardMargin(visibilityMs: number): number {
  return Math.min(2_000, visibilityMs / 10);
}
