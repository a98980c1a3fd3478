import type { Clock } from "@exactly-once/core/ports";

/** What SES's clock is known to show, from the `Date` of its replies. */
export interface ProviderClock {
  /** Notes a reply that has just come. A reply out of a cache says nothing. */
  heard(headers: Readonly<Record<string, string>>): void;
  /**
   * A time, ms since the epoch, that SES's clock has certainly reached by now: what it said last
   * and what has passed since. The machine's own clock before the first reply.
   */
  atLeast(): number;
  /** How far the machine's clock was ahead of SES's at the last reply, ms, to about a second. */
  aheadMs(): number | undefined;
}

export function createProviderClock(clock: Clock): ProviderClock {
  let last: { readonly said: number; readonly at: number; readonly aheadMs: number } | undefined;
  return {
    heard: (headers) => {
      const said = Date.parse(headers["date"] ?? "");
      if (Number.isNaN(said) || headers["age"] !== undefined) return;
      last = { said, at: clock.monotonic(), aheadMs: clock.now() - said };
    },
    atLeast: () => (last ? last.said + (clock.monotonic() - last.at) : clock.now()),
    aheadMs: () => last?.aheadMs,
  };
}
