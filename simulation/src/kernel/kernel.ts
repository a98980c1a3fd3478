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
   */
  schedule(at: number, run: () => void, owner?: Owner, turn?: "next" | "same"): ScheduledEvent;
  cancel(event: ScheduledEvent): void;
  /**
   * Runs event after event until `until`, or `stop` says so. Between two events every promise chain
   * of the code under test runs to its end.
   */
  run(options: RunOptions): Promise<"stopped" | "until" | "idle" | "exhausted">;
}

export interface RunOptions {
  readonly until: number;
  readonly stop?: () => boolean;
  /** A run that needs more events than this doesn't come to rest. */
  readonly maxEvents?: number;
}

export function createKernel(): Kernel {
  const heap = createEventHeap();
  let now = 0;
  let order = 0;
  let events = 0;

  function schedule(
    at: number,
    run: () => void,
    owner?: Owner,
    turn: "next" | "same" = "next",
  ): ScheduledEvent {
    order += 1;
    const event: ScheduledEvent = {
      at: Math.max(at, now),
      order: turn === "same" ? -order : order,
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
    cancel: (event) => {
      event.cancelled = true;
    },
    run: async ({ until, stop, maxEvents = Number.POSITIVE_INFINITY }) => {
      await drain();
      await drain();
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
        if (host && host.pausedUntil > event.at) {
          event.at = host.pausedUntil;
          heap.push(event);
          continue;
        }
        now = event.at;
        events += 1;
        if (events > maxEvents) return "exhausted";
        event.run();
        await drain();
        if (stop?.()) return "stopped";
      }
    },
  };
}

/**
 * Lets all promise chains run to their end: a tick that is queued while promises run comes only
 * after the last of them (https://nodejs.org/api/process.html#processnexttickcallback-args). It is
 * several times cheaper than going round the event loop.
 */
function drain(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
