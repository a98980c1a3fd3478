import { afterEach, beforeEach, expect, vi } from "vitest";

/**
 * In each test of the file the wall clock stands still until the test moves it. Emulators and
 * clients in this process go by it; timers run on.
 */
export function standingClock(): { elapse(ms: number): Promise<void> } {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  return {
    elapse: async (ms) => {
      vi.setSystemTime(Date.now() + ms);
    },
  };
}

/**
 * Does what waits for something that never comes, and lets `ms` of timers run out at once, after
 * `once` holds: that the other side has got the request. Nobody waits, and no machine is too slow.
 */
export async function runningOut<Result>(
  work: () => Promise<Result>,
  { ms, once }: { readonly ms: number; readonly once: () => boolean },
): Promise<Result> {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    let isOver = false;
    const working = work().finally(() => (isOver = true));
    // What it rejects with is for the caller, later.
    working.catch(() => undefined);
    await expect.poll(() => once() || isOver).toBe(true);
    await vi.advanceTimersByTimeAsync(ms);
    return await working;
  } finally {
    vi.useRealTimers();
  }
}
