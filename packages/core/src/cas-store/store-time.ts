import type { Clock } from "../ports/index.js";
import type { CasPort } from "./cas-port.js";

/** What time it is for the records of a store. */
export interface StoreTime {
  /** Ms since the epoch, whole. */
  now(): number;
  /** Takes the clock of an answer that has just come. */
  sample(at: number | undefined): void;
  /** Whether `now` can answer yet: a store's clock is unknown until its first answer. */
  readonly isKnown: boolean;
}

/**
 * The caller's clock, or the store's as far as it is known here.
 *
 * The store's is its last answer's time plus what has passed since by the monotonic clock. The answer
 * was on its way for a while, so this is never ahead of the store: a lease that is over by it is over,
 * a signature that is stale by it is stale. What needs the opposite (that a lease is *not* over) is asked
 * of the store itself, with the write (`liveUntil`).
 */
export function storeTime(port: Pick<CasPort, "clock">, clock: Clock): StoreTime {
  if (port.clock === "caller") {
    return { now: () => Math.floor(clock.now()), sample: () => {}, isKnown: true };
  }
  let last: { readonly at: number; readonly since: number } | undefined;
  return {
    get isKnown() {
      return last !== undefined;
    },
    // The difference first: a sum with the monotonic clock's fractions would be a millisecond less at times.
    now: () => (last ? last.at + Math.floor(clock.monotonic() - last.since) : 0),
    sample: (at) => {
      if (at !== undefined) last = { at, since: clock.monotonic() };
    },
  };
}
