import { createEventHeap, type Owner, type ScheduledEvent } from "./event-heap.js";

/** Virtual time and everything that is to happen in it, in a single, repeatable order. */
export interface Kernel {
  /** True virtual time, ms from 0. */
  readonly now: number;
  /** Events run so far. */
  readonly events: number;
  /**
   * An event with an owner waits out its host's pauses; a crash of that life drops it. In the `same`
   * turn it goes on before anything else that is due: what a process was doing when it was stopped.
   * `first` comes even before that.
   */
  schedule(at: number, run: () => void, owner?: Owner, turn?: Turn): ScheduledEvent;
  cancel(event: ScheduledEvent): void;
  /** A process goes on and on within one event. @returns what to throw there */
  stuck(host: string): Error;
  /** Events that waited for a frozen process are due now, in the order they were scheduled. */
  resume(events: readonly ScheduledEvent[]): void;
  /**
   * Runs event after event until `until`, or `stop` says so. Between two events every promise chain
   * of the code under test runs to its end.
   */
  run(options: RunOptions): Promise<"stopped" | "until" | "idle" | "exhausted">;
}

export type Turn = "first" | "same" | "next";

const PLACES: Readonly<Record<Turn, number>> = { first: -1e12, same: 0, next: 0 };

export interface RunOptions {
  readonly until: number;
  readonly stop?: () => boolean;
  /** A run that needs more events than this doesn't come to rest. */
  readonly maxEvents?: number;
}

/** @param onStuck hears of a process whose event loop never turns */
export function createKernel(onStuck: (host: string) => void = () => undefined): Kernel {
  const heap = createEventHeap();
  let now = 0;
  let order = 0;
  let events = 0;

  function schedule(
    at: number,
    run: () => void,
    owner?: Owner,
    turn: Turn = "next",
  ): ScheduledEvent {
    order += 1;
    const event: ScheduledEvent = {
      at: Math.max(at, now),
      order: PLACES[turn] + (turn === "same" ? -order : order),
      run,
      host: owner?.host,
      incarnation: owner?.incarnation ?? 0,
      cancelled: false,
    };
    heap.push(event);
    return event;
  }

  return {
    get now() {
      return now;
    },
    get events() {
      return events;
    },
    schedule,
    stuck: (host) => {
      onStuck(host);
      return new Error(`The event loop of ${host} never turns.`);
    },
    cancel: (event) => {
      event.cancelled = true;
    },
    resume: (waiting) => {
      for (const event of waiting) {
        event.at = now;
        heap.push(event);
      }
    },
    run: ({ until, stop, maxEvents = Number.POSITIVE_INFINITY }) =>
      new Promise((resolve, reject) => {
        let begun = false;

        /** One event; the next step comes only once every promise chain it set off has ended. */
        function step(): void {
          try {
            if (begun && stop?.()) return resolve("stopped");
            begun = true;
            const event = nextDue(until);
            if (typeof event === "string") return resolve(event);
            now = event.at;
            events += 1;
            if (events > maxEvents) return resolve("exhausted");
            event.run();
          } catch (error) {
            return reject(error instanceof Error ? error : new Error(String(error)));
          }
          afterPromises(step);
        }

        afterPromises(step);
      }),
  };

  /** Takes out the event whose turn it is, or says why there is none. */
  function nextDue(until: number): ScheduledEvent | "idle" | "until" {
    for (;;) {
      const event = heap.pop();
      if (event === undefined) return "idle";
      const { host } = event;
      if (event.cancelled || (host && host.incarnation !== event.incarnation)) continue;
      if (event.at > until) {
        heap.push(event);
        now = until;
        return "until";
      }
      if (!host || host.pausedUntil <= event.at) return event;
      if (host.pausedUntil === Number.POSITIVE_INFINITY) {
        host.parked.push(event);
        continue;
      }
      event.at = host.pausedUntil;
      heap.push(event);
    }
  }
}

const settled = Promise.resolve();

/**
 * Goes on once all promise chains have run to their end: a tick that is queued while promises run
 * comes only after the last of them
 * (https://nodejs.org/api/process.html#processnexttickcallback-args), one that is queued outside of
 * them would come before. It is several times cheaper than going round the event loop.
 */
function afterPromises(goOn: () => void): void {
  void settled.then(() => {
    process.nextTick(goOn);
  });
}
