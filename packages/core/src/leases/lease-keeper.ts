import type { LossReason } from "../events.js";
import type { Clock, QueueMessage } from "../ports/index.js";
import { createWakeUp, type WakeUp } from "../timing/alarm.js";
import { createDeadlineHeap } from "../timing/deadline-heap.js";
import { Extensions, type ExtensionsOptions } from "./extensions.js";
import { KeptDelivery, type Upkeep } from "./kept-delivery.js";
import type { KeptLease } from "./kept-lease.js";

const BATCH = 10;

export interface LeaseKeeperOptions extends ExtensionsOptions {
  readonly clock: Clock;
  /** The timeline of all deadlines here (see `leaseTime`). */
  readonly time: () => number;
  /** Milliseconds each extension asks for. */
  readonly visibilityMs: number;
}

/**
 * Keeps every lease of one consumer with a single timer: queue visibility from the moment of
 * receipt, the store's lease from the claim.
 *
 * A failed extension is repeated within what is left of the lease; when none was confirmed by the
 * hard margin the lease counts as lost, although the queue may still honour it.
 */
export class LeaseKeeper {
  readonly #time: () => number;
  readonly #heap = createDeadlineHeap<KeptDelivery>();
  readonly #wakeUp: WakeUp;
  readonly #extensions: Extensions;
  readonly #upkeep: Upkeep;
  #loop: "idle" | "running" | "stopped" = "idle";

  constructor(options: LeaseKeeperOptions) {
    const { clock, time, visibilityMs } = options;
    this.#time = time;
    this.#wakeUp = createWakeUp(clock, time);
    this.#extensions = new Extensions(options);
    this.#upkeep = {
      time,
      visibilityMs,
      schedule: (delivery) => {
        this.#schedule(delivery);
      },
      drop: (delivery) => {
        this.#heap.remove(delivery);
      },
    };
  }

  /**
   * @param receivedAt when the receive request was sent: visibility can't have begun earlier
   * @param onLost called at most once per claim or delivery, and never after `drop()`
   */
  keep(message: QueueMessage, receivedAt: number, onLost: (reason: LossReason) => void): KeptLease {
    const delivery = new KeptDelivery(this.#upkeep, message, receivedAt, onLost);
    this.#schedule(delivery);
    return delivery;
  }

  stop(): void {
    this.#loop = "stopped";
    this.#wakeUp.end();
  }

  #schedule(delivery: KeptDelivery): void {
    if (delivery.isLost || this.#isStopped()) return;
    const { due } = delivery;
    if (delivery.heapIndex >= 0 && delivery.dueAt === due) return;
    this.#heap.put(delivery, due);
    this.#wakeUp.noLaterThan(due);
    // Once everything was lost nobody runs; a lease that is trusted again has to be kept again.
    if (this.#loop === "idle") void this.#run();
  }

  #isStopped(): boolean {
    return this.#loop === "stopped";
  }

  async #run(): Promise<void> {
    this.#loop = "running";
    // A delivery can be over as soon as it is kept; its keeper gets it in hand before it is told so.
    await Promise.resolve();
    try {
      for (let next = this.#heap.peek(); next; next = this.#heap.peek()) {
        if (this.#isStopped()) return;
        if (next.dueAt > this.#time()) await this.#wakeUp.sleepUntil(next.dueAt);
        else this.#lookAtDue(this.#time());
      }
    } finally {
      if (!this.#isStopped()) this.#loop = "idle";
    }
  }

  #lookAtDue(now: number): void {
    const due: KeptDelivery[] = [];
    for (let next = this.#heap.peek(); next && next.dueAt <= now; next = this.#heap.peek()) {
      this.#heap.remove(next);
      if (next.isOutOfTime(now)) this.#endProcessing(next);
      else if (now >= next.hardEnd) lose(next);
      else if (next.isAsked) this.#schedule(next);
      else due.push(next);
    }
    if (due.length === 0) return;
    this.#fillUp(due, now);
    for (let from = 0; from < due.length; from += BATCH) {
      const batch = due.slice(from, from + BATCH);
      const call = this.#extensions.extend(batch);
      for (const delivery of batch) delivery.ask(call);
    }
  }

  #endProcessing(delivery: KeptDelivery): void {
    delivery.limitProcessing(undefined);
    delivery.onLost("maxProcessing");
  }

  /** A call costs the same for ten as for one: takes along the next-soonest leases. */
  #fillUp(due: KeptDelivery[], now: number): void {
    while (due.length % BATCH !== 0) {
      const next = this.#heap.peek();
      if (!next?.isWorthExtending(now)) return;
      this.#heap.remove(next);
      due.push(next);
    }
  }
}

function lose(delivery: KeptDelivery): void {
  const { lossReason } = delivery;
  delivery.lose();
  delivery.onLost(lossReason);
}
