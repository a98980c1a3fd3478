import type { Clock } from "../ports/index.js";

/** Lets many wait for the same thing to happen, each for its own time at most. */
export interface Alarm {
  /** Resolves when the alarm rings, after `ms`, or when `signal` aborts. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  ring(): void;
}

export function createAlarm(clock: Clock): Alarm {
  const sleepers = new Set<AbortController>();
  return {
    async wait(ms, signal) {
      if (signal?.aborted) return;
      const sleeper = new AbortController();
      const wake = (): void => sleeper.abort();
      sleepers.add(sleeper);
      signal?.addEventListener("abort", wake, { once: true });
      await clock.sleep(ms, sleeper.signal);
      signal?.removeEventListener("abort", wake);
      sleepers.delete(sleeper);
    },
    ring() {
      for (const sleeper of sleepers) sleeper.abort();
    },
  };
}
