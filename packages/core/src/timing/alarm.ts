import type { Clock } from "../ports/index.js";

/**
 * One sleeper's alarm: it sleeps until a time on its timeline, or until it is woken.
 *
 * Waking leaves the timer alone: it is replaced only by a nearer one, and goes on for the next sleep if
 * it comes too early for that. A poller is woken for each receive, and a timer with its
 * `AbortController` is slow to make.
 */
export interface WakeUp {
  /** Sleeps until `at`, or until woken. */
  sleepUntil(at: number): Promise<void>;
  /** Wakes the sleeper if it would sleep beyond `at`. */
  noLaterThan(at: number): void;
  wake(): void;
  /** Wakes the sleeper for good: nobody sleeps any more, and no timer is left. */
  end(): void;
}

interface Alarm {
  readonly at: number;
  readonly controller: AbortController;
}

export function createWakeUp(clock: Clock, time: () => number): WakeUp {
  let sleeper: { readonly until: number; readonly rise: () => void } | undefined;
  let alarm: Alarm | undefined;
  let woken = false;
  let ended = false;

  function setAlarm(at: number): void {
    if (alarm && alarm.at <= at) return;
    // A reason given spares the making of an error with its stack.
    alarm?.controller.abort("a nearer one");
    const set: Alarm = { at, controller: new AbortController() };
    alarm = set;
    void clock.sleep(Math.max(0, at - time()), set.controller.signal).then(() => {
      if (alarm !== set) return;
      alarm = undefined;
      if (!sleeper) return;
      if (at < sleeper.until) setAlarm(sleeper.until);
      else sleeper.rise();
    });
  }

  function wake(): void {
    woken = true;
    sleeper?.rise();
  }

  return {
    sleepUntil: async (at) => {
      if (!woken) {
        await new Promise<void>((rise) => {
          sleeper = { until: at, rise };
          setAlarm(at);
        });
        sleeper = undefined;
      }
      woken = ended;
    },
    noLaterThan: (at) => {
      if (sleeper && at < sleeper.until) wake();
    },
    wake,
    end: () => {
      ended = true;
      alarm?.controller.abort("ended");
      alarm = undefined;
      wake();
    },
  };
}
