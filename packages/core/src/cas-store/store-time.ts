import type { Clock } from "../ports/index.js";
import type { CasPort } from "./cas-port.js";

/** What time it is for the records of a store. */
export interface StoreTime {
  /** Ms since the epoch, whole. */
  now(): number;
  /** Takes the clock of an answer that has just come. */
  sample(at: number | undefined): void;
  /**
   * A condition for writes that bear times: the store's clock is before this while it executes them, or `now`
   * lags too far behind. `undefined` where the clock is the caller's.
   */
  notAfter(now: number): number | undefined;
  /** Whether `now` can answer yet: a store's clock is unknown until its first answer. */
  readonly isKnown: boolean;
}

/** Well within what a sender's validity allows for clocks that differ. */
const MAX_LAG_MS = 2_000;

/**
 * The caller's clock, or the store's as far as it is known here.
 *
 * The store's is its last answer's time plus what has passed since by the monotonic clock. The answer
 * was on its way for a while, so this is never ahead of the store: a lease that is over by it is over,
 * a signature that is stale by it is stale. What needs the opposite (that a lease is *not* over) is asked
 * of the store itself, with the write (`liveUntil`).
 *
 * How far it is behind nothing here can tell: a machine that was suspended stopped its monotonic clock. A lease
 * or a deadline that is counted from a time long past would end too early, and a verdict on the attempt with it.
 * So the store refuses a write of such times, too, and what is decided next follows a read.
 */
export function storeTime(port: Pick<CasPort, "clock">, clock: Clock): StoreTime {
  if (port.clock === "caller") {
    return {
      now: () => Math.floor(clock.now()),
      notAfter: () => undefined,
      sample: () => {},
      isKnown: true,
    };
  }
  let last: { readonly at: number; readonly since: number } | undefined;
  return {
    get isKnown() {
      return last !== undefined;
    },
    // The difference first: a sum with the monotonic clock's fractions would be a millisecond less at times.
    now: () => (last ? Math.floor(last.at) + Math.floor(clock.monotonic() - last.since) : 0),
    notAfter: (now) => now + MAX_LAG_MS,
    sample: (at) => {
      if (at !== undefined) last = { at, since: clock.monotonic() };
    },
  };
}
