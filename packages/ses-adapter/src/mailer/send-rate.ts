import { DOUBT_WAIT_MS, type Clock } from "@exactly-once/core/ports";
import { quotaWaitMs } from "../wire/refusal.js";
import type { AccountFacts } from "../wire/ses-api.js";

/** How much of the account's rate one mailer takes. */
export interface SendRateShare {
  /** Recipients a second, in place of what SES grants. */
  readonly perSecond: number | undefined;
  /** This service's part of the account's rate, above 0 and at most 1. */
  readonly share: number;
}

export interface Admission {
  /** Milliseconds. */
  readonly deferMs: number;
  readonly reason: string;
}

export interface AdmissionRequest {
  /** SES counts these, not emails. */
  readonly recipients: number;
  readonly signal: AbortSignal;
  readonly maxWaitMs: number;
}

interface Closed {
  readonly until: number;
  readonly reason: string;
}

/**
 * Keeps to the account's sending rate on this side: a bucket of one second's worth of recipients, and
 * a stop while SES takes nothing. Before SES has said what it grants, everything passes, and SES
 * throttles.
 *
 * `time` never underestimates what has passed (see core's `leaseTime`): what is said here of a second
 * or a quarter of an hour is said of the machine that sleeps through it, too.
 */
export class SendRate {
  readonly #clock: Clock;
  readonly #time: () => number;
  readonly #share: SendRateShare;
  #replicas = 1;
  #granted: number | undefined;
  #leftToday = Infinity;
  #tokens: number;
  #filledAt: number;
  #closed: Closed = { until: -Infinity, reason: "" };

  constructor(clock: Clock, time: () => number, share: SendRateShare) {
    this.#clock = clock;
    this.#time = time;
    this.#share = share;
    this.#filledAt = time();
    this.#tokens = this.#burst();
  }

  /** What SES says it grants, and is left of the day. */
  learn({ maxSendRate, max24HourSend, sentLast24Hours, sendingEnabled }: AccountFacts): void {
    this.#fill();
    const first = this.#rate() === undefined;
    if (maxSendRate > 0) this.#granted = maxSendRate;
    if (first) this.#tokens = this.#burst();
    this.#leftToday = max24HourSend < 0 ? Infinity : max24HourSend - sentLast24Hours;
    if (!sendingEnabled) this.close(DOUBT_WAIT_MS, "SES has stopped this account's sending");
  }

  /** Among how many the rate is divided: those that send now through the same store. */
  divideBy(replicas: number): void {
    this.#fill();
    this.#replicas = Math.max(1, replicas);
  }

  /** Admits nothing for so long; a shorter time never ends a longer one. */
  close(ms: number, reason: string): void {
    const until = this.#time() + ms;
    if (until > this.#closed.until) this.#closed = { until, reason };
  }

  /** Waits for room, or says how long it would take where that is more than the caller waits. */
  async admit({ recipients, signal, maxWaitMs }: AdmissionRequest): Promise<Admission | undefined> {
    if (this.#leftToday < recipients) this.#closeForToday();
    const closedMs = this.#closed.until - this.#time();
    if (closedMs > 0) return { deferMs: Math.ceil(closedMs), reason: this.#closed.reason };
    const rate = this.#rate();
    if (rate === undefined) return undefined;
    this.#fill();
    // More than a bucket holds goes out when it is full, and the next ones wait for it.
    const needed = Math.min(recipients, this.#burst());
    const waitMs = Math.ceil((Math.max(0, needed - this.#tokens) / rate) * 1_000);
    if (waitMs > maxWaitMs) {
      return { deferMs: waitMs, reason: "the sending rate of the account is in use" };
    }
    this.#tokens -= recipients;
    this.#leftToday -= recipients;
    if (waitMs > 0) await this.#clock.sleep(waitMs, signal);
    return undefined;
  }

  #closeForToday(): void {
    if (this.#time() < this.#closed.until) return;
    this.close(quotaWaitMs, "SES takes no more for now: the daily quota is used up");
  }

  #rate(): number | undefined {
    const { perSecond, share } = this.#share;
    const whole = perSecond ?? (this.#granted && this.#granted * share);
    return whole && whole / this.#replicas;
  }

  /** Below one recipient a second a bucket must still hold one. */
  #burst(): number {
    return Math.max(1, this.#rate() ?? 1);
  }

  #fill(): void {
    const now = this.#time();
    const rate = this.#rate();
    if (rate !== undefined) {
      const more = ((now - this.#filledAt) / 1_000) * rate;
      this.#tokens = Math.min(this.#burst(), this.#tokens + more);
    }
    this.#filledAt = now;
  }
}
