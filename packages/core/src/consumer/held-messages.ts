import { createDeadlineHeap, type HeapEntry } from "../timing/deadline-heap.js";
import type { Clock, DedupeStore, RecordView } from "../ports/index.js";
import { createWakeUp } from "../timing/alarm.js";

const FIRST_LOOK_MS = 1_000;
const MAX_LOOK_MS = 30_000;
/** Looks that are due within this of one another share a read of the store. */
const TOGETHER_MS = 100;
const READ_BATCH = 100;

/** What a look at the record of a held message says. */
export type Look = "wait" | "goOn";

export interface HeldMessage {
  /** The key's digest; `undefined` where no record is to be read. */
  readonly key: string | undefined;
  /** Milliseconds until the first look; default 1 s, then doubling up to 30 s. */
  readonly firstLookMs?: number;
  /** Judges a fresh reading of the record; `goOn` ends the hold. */
  look(record: RecordView | undefined): Look;
  /** Called once when the hold ends by `goOn` or `wake`. */
  goOn(): void;
}

/**
 * Messages that wait in place: without a claim and without a worker, but still hidden in the queue.
 * Their records are read again with growing delay, in batches, by one timer for all.
 */
export interface HeldMessages {
  hold(message: HeldMessage): HeldHandle;
  /** A record is known to have changed in this process: looks at it at once. */
  wake(key: string): void;
  /** Looks at everything at once. */
  wakeAll(): void;
  readonly size: number;
  stop(): void;
}

export interface HeldHandle {
  /** Ends the hold without going on. */
  drop(): void;
}

interface Entry extends HeapEntry, HeldHandle {
  readonly message: HeldMessage;
  looks: number;
  /** Woken while its record was being read: what was read may be older than the reason to wake. */
  lookAgain: boolean;
}

export interface HeldMessagesOptions {
  readonly clock: Clock;
  readonly time: () => number;
  readonly store: Pick<DedupeStore, "read">;
  readonly onStoreFault: (error: unknown) => void;
}

export function createHeldMessages(options: HeldMessagesOptions): HeldMessages {
  const { clock, time, store } = options;
  const heap = createDeadlineHeap<Entry>();
  const held = new Set<Entry>();
  const wakeUp = createWakeUp(clock, time);
  let running = false;
  let stopped = false;

  async function run(): Promise<void> {
    running = true;
    try {
      while (!stopped && heap.size > 0) {
        const next = heap.peek() as Entry;
        if (next.dueAt > time()) await wakeUp.sleepUntil(next.dueAt);
        else await lookAtDue();
      }
    } finally {
      running = false;
    }
  }

  async function lookAtDue(): Promise<void> {
    const until = time() + TOGETHER_MS;
    const due: Entry[] = [];
    for (let entry = heap.peek(); entry && entry.dueAt <= until; entry = heap.peek()) {
      if (due.length >= READ_BATCH) break;
      heap.remove(entry);
      due.push(entry);
    }
    const records = await readRecords(due);
    for (const entry of due) {
      if (!held.has(entry)) continue;
      const key = entry.message.key;
      const answered = records !== undefined || key === undefined;
      const record = key === undefined ? undefined : records?.get(key);
      if (answered && entry.message.look(record) === "goOn") {
        entry.drop();
        entry.message.goOn();
      } else {
        // The store's outage is no reason to look less often later.
        if (answered) entry.looks += 1;
        const delayMs = Math.min(MAX_LOOK_MS, FIRST_LOOK_MS * 2 ** entry.looks);
        heap.put(entry, time() + (entry.lookAgain ? 0 : delayMs));
        entry.lookAgain = false;
      }
    }
  }

  async function readRecords(
    due: readonly Entry[],
  ): Promise<ReadonlyMap<string, RecordView | undefined> | undefined> {
    const keys = [...new Set(due.flatMap(({ message }) => message.key ?? []))];
    if (keys.length === 0) return new Map();
    try {
      const records = await store.read(keys);
      return new Map(keys.map((key, index) => [key, records[index]]));
    } catch (error) {
      options.onStoreFault(error);
      return undefined;
    }
  }

  function lookSoon(entry: Entry): void {
    if (entry.heapIndex < 0) {
      entry.lookAgain = true;
      return;
    }
    heap.put(entry, time());
    wakeUp.noLaterThan(entry.dueAt);
  }

  return {
    hold: (message) => {
      const entry: Entry = {
        message,
        dueAt: 0,
        heapIndex: -1,
        looks: 0,
        lookAgain: false,
        drop: () => {
          held.delete(entry);
          heap.remove(entry);
        },
      };
      held.add(entry);
      heap.put(entry, time() + (message.firstLookMs ?? FIRST_LOOK_MS));
      wakeUp.noLaterThan(entry.dueAt);
      if (!running && !stopped) void run();
      return entry;
    },
    wake: (key) => {
      for (const entry of held) if (entry.message.key === key) lookSoon(entry);
    },
    wakeAll: () => {
      for (const entry of held) lookSoon(entry);
    },
    get size() {
      return held.size;
    },
    stop: () => {
      stopped = true;
      wakeUp.end();
    },
  };
}
