import { randomUUID } from "node:crypto";
import type { Clock, Randomness } from "./ports/index.js";

/** The longest delay a Node timer takes; a longer one fires at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** The machine's own clocks and timers. The one place of this package that may touch them. */
export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const wake = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", wake);
          resolve();
        };
        const timer = setTimeout(wake, Math.min(Math.max(0, ms), MAX_TIMER_MS));
        signal?.addEventListener("abort", wake, { once: true });
      }),
  };
}

/** The machine's own randomness: ids of 122 bits from the system's generator. */
export function systemRandomness(): Randomness {
  return {
    random: () => Math.random(),
    id: () => randomUUID().replaceAll("-", ""),
  };
}
