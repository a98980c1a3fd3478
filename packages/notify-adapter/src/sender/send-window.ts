import type { Clock } from "@exactly-once/core/ports";

const MINUTE_MS = 60_000;

/** Why nothing is sent now, and for how long. */
export interface Admission {
  /** Milliseconds. */
  readonly deferMs: number;
  readonly reason: string;
}

/**
 * Keeps to Notify's rate on this side: so many in any minute, as Notify counts them, and none while
 * Notify takes none.
 *
 * `time` never underestimates what has passed (see core's `leaseTime`).
 */
export class SendWindow {
  readonly #clock: Clock;
  readonly #time: () => number;
  readonly #perMinute: number;
  /** When the last `perMinute` notifications go out, oldest first. */
  #sentAt: number[] = [];
  #closed: { readonly until: number; readonly reason: string } = { until: -Infinity, reason: "" };

  constructor(clock: Clock, time: () => number, perMinute: number) {
    this.#clock = clock;
    this.#time = time;
    this.#perMinute = perMinute;
  }

  /** Admits nothing for so long; a shorter time never ends a longer one. */
  close(ms: number, reason: string): void {
    const until = this.#time() + ms;
    if (until > this.#closed.until) this.#closed = { until, reason };
  }

  /** Waits for room, or says how long it would take where that is more than the caller waits. */
  async admit(signal: AbortSignal, maxWaitMs: number): Promise<Admission | undefined> {
    const now = this.#time();
    const closedMs = this.#closed.until - now;
    if (closedMs > 0) return { deferMs: Math.ceil(closedMs), reason: this.#closed.reason };
    const blocking = this.#sentAt.at(-this.#perMinute);
    const waitMs = blocking === undefined ? 0 : Math.max(0, Math.ceil(blocking + MINUTE_MS - now));
    if (waitMs > maxWaitMs) {
      return { deferMs: waitMs, reason: "Notify's rate is in use" };
    }
    this.#sentAt.push(now + waitMs);
    // Trimmed in batches: one shift a notification would make each cost as much as the rate.
    if (this.#sentAt.length >= 2 * this.#perMinute) {
      this.#sentAt = this.#sentAt.slice(-this.#perMinute);
    }
    if (waitMs > 0) await this.#clock.sleep(waitMs, signal);
    return undefined;
  }
}
