import type { Clock, TripwireCounters } from "@exactly-once/core/ports";

/** How often a replica makes itself known, ms. */
export const announceMs = 10_000;
/** Replicas are counted by epochs of this length, ms. */
const epochMs = 30_000;

export interface ReplicasOptions {
  readonly clock: Clock;
  /** Never underestimates what has passed. */
  readonly time: () => number;
  readonly counters: Pick<TripwireCounters, "count">;
  /** Of this mailer, and no other's. */
  readonly id: string;
}

/**
 * Counts the mailers that send through one store now, so that they divide the account's rate.
 *
 * Each enters itself every few seconds into the counters of this epoch and the last one; the larger
 * of both is how many there are. A new one counts at once, one that ended for up to two epochs. While
 * the store doesn't answer, the last count stands.
 */
export class Replicas {
  readonly #options: ReplicasOptions;
  #dueAt = -Infinity;
  #known = 1;

  constructor(options: ReplicasOptions) {
    this.#options = options;
  }

  async count(): Promise<number> {
    const { clock, time, counters, id } = this.#options;
    if (time() < this.#dueAt) return this.#known;
    this.#dueAt = time() + announceMs;
    const epoch = Math.floor(clock.now() / epochMs);
    try {
      const counts = await Promise.all(
        [epoch - 1, epoch].map((number) =>
          counters.count({
            counter: `ses-senders-${number}`,
            member: id,
            windowMs: 3 * epochMs,
          }),
        ),
      );
      this.#known = Math.max(...counts);
    } catch {
      // Its outage stops what is sent by other means, and says so.
    }
    return this.#known;
  }
}
