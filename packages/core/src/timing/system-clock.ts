import { randomFillSync } from "node:crypto";
import type { Clock, Randomness } from "../ports/index.js";

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

/** Bytes of an id. */
const ID_BYTES = 16;
/** Ids drawn from the system's generator at a time: one by one they cost ten times as much. */
const IDS_DRAWN = 1_024;

/** The machine's own randomness: ids of 128 bits from the system's generator, as hex. */
export function systemRandomness(): Randomness {
  const drawn = Buffer.alloc(ID_BYTES * IDS_DRAWN);
  let used = drawn.length;
  return {
    random: () => Math.random(),
    id: () => {
      if (used === drawn.length) {
        randomFillSync(drawn);
        used = 0;
      }
      used += ID_BYTES;
      return drawn.toString("hex", used - ID_BYTES, used);
    },
  };
}
