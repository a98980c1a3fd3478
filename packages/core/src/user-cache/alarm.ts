import type { Clock } from "../ports/index.js";

/** Lets many wait for the same thing to happen, each for its own time at most. */
export interface Bell {
  /** Resolves when the bell rings, after `ms`, or when `signal` aborts. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  ring(): void;
}

export function createBell(clock: Clock): Bell {
  const naps = new Set<AbortController>();
  return {
    async wait(ms, signal) {
      if (signal?.aborted) return;
      const nap = new AbortController();
      const wake = (): void => nap.abort();
      naps.add(nap);
      signal?.addEventListener("abort", wake, { once: true });
      await clock.sleep(ms, nap.signal);
      signal?.removeEventListener("abort", wake);
      naps.delete(nap);
    },
    ring() {
      for (const nap of naps) nap.abort();
    },
  };
}
