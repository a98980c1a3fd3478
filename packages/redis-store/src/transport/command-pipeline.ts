import type { Command } from "./calls.js";
import type { Answer } from "./round-trip.js";

/** Waiting for its turn, or for its answer. */
export interface Passenger {
  readonly command: Command;
  readonly read: (reply: unknown) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** On the monotonic clock. */
  readonly giveUpAt: number;
  settled: boolean;
}

/** Commands that leave together: they share a round trip, a timer and its bookkeeping. */
export interface Trip {
  readonly size: number;
  board(command: Command, read: (reply: unknown) => unknown): Promise<unknown>;
  /** Those that still wait. */
  waiting(): readonly Passenger[];
  settle(passenger: Passenger, answer: Answer): void;
  /** Resolves once all who boarded are settled: by their answer, or because their time is up. */
  settled(): Promise<void>;
}

export interface TripOptions {
  readonly timeoutMs: number;
  readonly timeoutError: () => Error;
  readonly toFault: (command: Command, cause: unknown) => Error;
}

/** Who boards first gives up first, so one timer does. */
export function createTrip({ timeoutMs, timeoutError, toFault }: TripOptions): Trip {
  let passengers: Passenger[] = [];
  let left = 0;
  let timer: NodeJS.Timeout | undefined;
  const onSettled: (() => void)[] = [];

  function board(command: Command, read: (reply: unknown) => unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const giveUpAt = performance.now() + timeoutMs;
      passengers.push({ command, read, resolve, reject, giveUpAt, settled: false });
      left += 1;
      timer ??= setTimeout(giveUpOverdue, timeoutMs);
    });
  }

  function giveUpOverdue(): void {
    timer = undefined;
    for (const passenger of waiting()) {
      // A timer may be early by a fraction.
      const leftMs = passenger.giveUpAt - performance.now();
      if (leftMs >= 1) {
        timer = setTimeout(giveUpOverdue, leftMs);
        return;
      }
      settle(passenger, { error: timeoutError() });
    }
    // Through an outage of hours a trip that can't leave would keep all who ever gave up on it.
    passengers = [];
  }

  function waiting(): readonly Passenger[] {
    return passengers.filter(({ settled }) => !settled);
  }

  function settle(passenger: Passenger, answer: Answer): void {
    if (passenger.settled) return;
    passenger.settled = true;
    if ("error" in answer) passenger.reject(toFault(passenger.command, answer.error));
    else {
      try {
        passenger.resolve(passenger.read(answer.reply));
      } catch (error) {
        passenger.reject(error);
      }
    }
    left -= 1;
    if (left > 0) return;
    clearTimeout(timer);
    timer = undefined;
    for (const f of onSettled) f();
  }

  return {
    get size() {
      return passengers.length;
    },
    board,
    waiting,
    settle,
    settled: () =>
      new Promise((resolve) => {
        if (left === 0) resolve();
        else onSettled.push(resolve);
      }),
  };
}
