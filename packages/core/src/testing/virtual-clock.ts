// Only a macrotask tells when no promise chain runs any more; no time is taken from it.
// eslint-disable-next-line no-restricted-imports
import { setImmediate } from "node:timers/promises";

import type { Clock } from "../ports/clock.js";

/** A clock that moves only when a test moves it. */
export interface VirtualClock extends Clock {
  /**
   * Moves time forward by `ms` (≥ 0), waking every sleeper on its way in the order of its due time
   * and letting everything it sets in motion run before the next one wakes.
   */
  advance(ms: number): Promise<void>;
  /**
   * Moves time from sleeper to sleeper until nobody sleeps. Throws once `limitMs` of virtual time
   * (default one hour) have passed, since a loop that polls for ever never becomes idle.
   */
  runUntilIdle(options?: { readonly limitMs?: number | undefined }): Promise<void>;
  /**
   * Moves time from sleeper to sleeper until `work` settles, and settles likewise. Throws when
   * nobody sleeps and `work` is still pending, or after `limitMs` (default one hour).
   */
  run<T>(work: Promise<T>, options?: { readonly limitMs?: number | undefined }): Promise<T>;
  /** Moves the wall clock alone, either way, as a correction by NTP would. Wakes nobody. */
  jumpWall(ms: number): void;
  /** How many sleepers there are. */
  readonly sleeping: number;
}

interface Sleeper {
  readonly due: number;
  readonly order: number;
  wake(): void;
}

const HOUR_MS = 3_600_000;
const NEW_YEAR_2026 = 1_767_225_600_000;
/** More wake-ups than this without any time passing is a loop that sleeps 0 ms for ever. */
const MAX_WAKES_AT_ONE_TIME = 100_000;

/**
 * A deterministic clock for tests. Sleepers with the same due time wake in the order in which they
 * fell asleep. Promise chains of any length run to their end between two wake-ups; real I/O does
 * not count as such and is not waited for.
 *
 * @param startAt wall-clock ms since the epoch at the start; the monotonic reading starts at 0
 */
export function createVirtualClock(startAt = NEW_YEAR_2026): VirtualClock {
  let elapsed = 0;
  let wallOffset = startAt;
  let order = 0;
  const sleepers = new Set<Sleeper>();

  function nextSleeper(): Sleeper | undefined {
    let next: Sleeper | undefined;
    for (const sleeper of sleepers) {
      if (
        next === undefined ||
        sleeper.due < next.due ||
        (sleeper.due === next.due && sleeper.order < next.order)
      ) {
        next = sleeper;
      }
    }
    return next;
  }

  /** Wakes one sleeper after the other until `until`, or until `stop` says so. */
  async function pass(until: number, stop: () => boolean = () => false): Promise<void> {
    let wakes = 0;
    await settle();
    while (!stop()) {
      const next = nextSleeper();
      if (next === undefined || next.due > until) return;
      if (next.due > elapsed) wakes = 0;
      wakes += 1;
      if (wakes > MAX_WAKES_AT_ONE_TIME) {
        throw new Error("virtual clock: something sleeps 0 ms for ever; look for a busy loop");
      }
      elapsed = Math.max(elapsed, next.due);
      next.wake();
      await settle();
    }
  }

  return {
    now: () => wallOffset + elapsed,
    monotonic: () => elapsed,

    sleep(ms, signal) {
      if (signal?.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const sleeper: Sleeper = { due: elapsed + Math.max(0, ms), order: order++, wake };
        function wake(): void {
          sleepers.delete(sleeper);
          signal?.removeEventListener("abort", wake);
          resolve();
        }
        sleepers.add(sleeper);
        signal?.addEventListener("abort", wake, { once: true });
      });
    },

    async advance(ms) {
      const until = elapsed + ms;
      await pass(until);
      elapsed = Math.max(elapsed, until);
    },

    async runUntilIdle({ limitMs = HOUR_MS } = {}) {
      await pass(elapsed + limitMs);
      if (sleepers.size > 0) {
        throw new Error(`virtual clock: not idle after ${limitMs} ms; use advance() instead`);
      }
    },

    async run(work, { limitMs = HOUR_MS } = {}) {
      let settled = false;
      const done = () => {
        settled = true;
      };
      work.then(done, done);
      await pass(elapsed + limitMs, () => settled);
      if (!settled) {
        throw new Error(
          sleepers.size > 0
            ? `virtual clock: still pending after ${limitMs} ms of virtual time`
            : "virtual clock: still pending and nobody sleeps, so it waits for something else",
        );
      }
      return work;
    },

    jumpWall(ms) {
      wallOffset += ms;
    },

    get sleeping() {
      return sleepers.size;
    },
  };
}

/** Lets every promise chain run to its end: a macrotask runs only when no microtask is left. */
async function settle(): Promise<void> {
  await setImmediate();
}
