import type { Clock } from "@exactly-once/core/ports";

/** Spaces calls out, and learns from throttling how many a second are welcome. */
export interface AdaptiveRate {
  /** Resolves when the next call may go, or when `signal` aborts. */
  turn(signal: AbortSignal): Promise<void>;
  throttled(): void;
  readonly callsPerSecond: number;
}

const LEAST_PER_SECOND = 0.5;
/** So many good calls later the rate is back where it was before one throttling. */
const RECOVERY_CALLS = 60;

/** Halves on throttling, creeps back with every call that goes through. */
export function adaptiveRate(maxPerSecond: number, clock: Clock): AdaptiveRate {
  let perSecond = maxPerSecond;
  let free = 0;
  return {
    async turn(signal) {
      const now = clock.monotonic();
      const start = Math.max(now, free);
      free = start + 1_000 / perSecond;
      perSecond = Math.min(maxPerSecond, perSecond + maxPerSecond / 2 / RECOVERY_CALLS);
      if (start > now) await clock.sleep(start - now, signal);
    },
    throttled() {
      perSecond = Math.max(LEAST_PER_SECOND, perSecond / 2);
    },
    get callsPerSecond() {
      return perSecond;
    },
  };
}
