/** A process as far as its events go. */
export interface Process {
  /** Its present life. */
  readonly incarnation: number;
  /** True virtual time until which it stands still; infinite while it is frozen. */
  readonly pausedUntil: number;
  /** What came due while it was frozen. */
  readonly parked: ScheduledEvent[];
}

/** One life of a process. */
export interface Owner {
  readonly host: Process;
  readonly incarnation: number;
}

/** Something that happens at a virtual time. */
export interface ScheduledEvent {
  /** True virtual time, ms. */
  at: number;
  /** Breaks ties: first scheduled, first run. */
  readonly order: number;
  readonly run: () => void;
  /** The process it happens in, and which life of it; `undefined` for the world outside. */
  readonly host: Process | undefined;
  readonly incarnation: number;
  cancelled: boolean;
}

/** A binary min-heap by time, then by order. */
export interface EventHeap {
  readonly size: number;
  push(event: ScheduledEvent): void;
  pop(): ScheduledEvent | undefined;
}

export function createEventHeap(): EventHeap {
  const events: ScheduledEvent[] = [];

  function isBefore(a: ScheduledEvent, b: ScheduledEvent): boolean {
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  return {
    get size() {
      return events.length;
    },
    push(event) {
      let index = events.length;
      events.push(event);
      while (index > 0) {
        const parentIndex = (index - 1) >> 1;
        const parent = events[parentIndex] as ScheduledEvent;
        if (!isBefore(event, parent)) break;
        events[index] = parent;
        index = parentIndex;
      }
      events[index] = event;
    },
    pop() {
      const first = events[0];
      const last = events.pop();
      if (first === undefined || last === undefined || first === last) return first;
      let index = 0;
      for (;;) {
        let childIndex = 2 * index + 1;
        if (childIndex >= events.length) break;
        const right = events[childIndex + 1];
        if (right && isBefore(right, events[childIndex] as ScheduledEvent)) childIndex += 1;
        const child = events[childIndex] as ScheduledEvent;
        if (!isBefore(child, last)) break;
        events[index] = child;
        index = childIndex;
      }
      events[index] = last;
      return first;
    },
  };
}
