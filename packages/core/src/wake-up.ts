import type { Clock } from "./ports/index.js";

/**
 * One sleeper's alarm: it sleeps until a time on its timeline that may be moved nearer meanwhile.
 * The timer is replaced only when the new time is nearer, so that adding a later deadline costs
 * nothing.
 */
export interface WakeUp {
  /** Sleeps until `at`, or until woken. */
  sleepUntil(at: number): Promise<void>;
  /** Wakes the sleeper if it would sleep beyond `at`. */
  noLaterThan(at: number): void;
  wake(): void;
}

export function createWakeUp(clock: Clock, time: () => number): WakeUp {
  let sleeping: { readonly until: number; readonly controller: AbortController } | undefined;
  let woken = false;
  const wake = (): void => {
    woken = true;
    // A reason given spares the making of an error with its stack.
    sleeping?.controller.abort("woken");
  };
  return {
    sleepUntil: async (at) => {
      if (!woken) {
        const controller = new AbortController();
        sleeping = { until: at, controller };
        await clock.sleep(Math.max(0, at - time()), controller.signal);
        sleeping = undefined;
      }
      woken = false;
    },
    noLaterThan: (at) => {
      if (sleeping && at < sleeping.until) wake();
    },
    wake,
  };
}
