import type { Clock } from "@exactly-once/core/ports";

/**
 * What SES's clock is known to show, from the `Date` of its replies.
 *
 * `atLeast` is a bound from below, since a signature dated ahead of SES's clock is good for that much
 * longer. So it counts by the monotonic clock alone, which may stand still in a frozen process but
 * never runs ahead: after a freeze the bound is far behind, and SES has to be asked anew before
 * anything can be said. The wall clock would hide exactly what is looked for, a jump of its own.
 */
export class ProviderClock {
  readonly #clock: Clock;
  #last: { readonly said: number; readonly at: number; readonly aheadMs: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a reply that has just come, whatever it says. One out of a cache says nothing. */
  heard(headers: Readonly<Record<string, string>>): void {
    const said = Date.parse(headers["date"] ?? "");
    if (Number.isNaN(said) || headers["age"] !== undefined) return;
    this.#last = { said, at: this.#clock.monotonic(), aheadMs: this.#clock.now() - said };
  }

  /** A time, ms since the epoch, that SES's clock has certainly reached; unknown before a reply. */
  atLeast(): number | undefined {
    return this.#last && this.#last.said + (this.#clock.monotonic() - this.#last.at);
  }

  /** How far this machine's clock was ahead of SES's at the last reply, ms, to about a second. */
  aheadMs(): number | undefined {
    return this.#last?.aheadMs;
  }
}
