import { createDeadlineHeap, type HeapEntry } from "../timing/deadline-heap.js";
import type { HoldReason } from "../events.js";
import type { Look } from "../message/hold-rules.js";
import type { Clock, DedupeStore, ItemReply, RecordView } from "../ports/index.js";
import { createWakeUp } from "../timing/alarm.js";

const FIRST_LOOK_MS = 1_000;
const MAX_LOOK_MS = 30_000;
/** Looks that are due within this of one another share a read of the store. */
const TOGETHER_MS = 100;
const READ_BATCH = 100;

export interface HeldMessage {
  /** Whose it is, for the limit on how many wait; `undefined` where that isn't known. */
  readonly pipeline: string | undefined;
  /** How many messages it is, with those of its group that wait behind it, and what they take. */
  readonly messages: number;
  readonly bytes: number;
  readonly reason: HoldReason;
  /** The key's digest; `undefined` where no record is to be read. */
  readonly key: string | undefined;
  /** Milliseconds until the first look; default 1 s, then doubling up to 30 s. */
  readonly firstLookMs?: number;
  /** Judges a fresh reading of the record; `goOn` ends the hold. */
  look(record: RecordView | undefined): Look;
  /** Called once when a look ends the hold. */
  goOn(look: GoOn): void;
}

type GoOn = Extract<Look, { kind: "goOn" }>;

export interface HeldHandle {
  /** Ends the hold without going on. */
  drop(): void;
}

export interface HeldMessagesOptions {
  readonly clock: Clock;
  readonly time: () => number;
  readonly store: Pick<DedupeStore, "read">;
  readonly onStoreFault: (error: unknown) => void;
}

export interface HeldOfPipeline {
  /** Messages, with those of their groups that wait behind them. */
  readonly count: number;
  readonly bytes: number;
  /** Of these, those at the head that wait for their provider. */
  readonly forProvider: number;
}

const NOTHING: HeldOfPipeline = { count: 0, bytes: 0, forProvider: 0 };

interface Entry extends HeapEntry, HeldHandle {
  readonly message: HeldMessage;
  looks: number;
  /** Woken while its record was being read: what was read may be older than the reason to wake. */
  lookAgain: boolean;
}

/**
 * Messages that wait in place: without a claim and without a worker, but still hidden in the queue.
 * Their records are read again with growing delay, in batches, by one timer for all.
 */
export class HeldMessages {
  readonly #options: HeldMessagesOptions;
  readonly #heap = createDeadlineHeap<Entry>();
  readonly #held = new Set<Entry>();
  readonly #byPipeline = new Map<string | undefined, HeldOfPipeline>();
  readonly #wakeUp;
  #loop: "idle" | "running" | "stopped" = "idle";

  constructor(options: HeldMessagesOptions) {
    this.#options = options;
    this.#wakeUp = createWakeUp(options.clock, options.time);
  }

  get size(): number {
    return this.#held.size;
  }

  /** What of a pipeline is held. */
  of(pipeline: string | undefined): HeldOfPipeline {
    return this.#byPipeline.get(pipeline) ?? NOTHING;
  }

  hold(message: HeldMessage): HeldHandle {
    const entry: Entry = {
      message,
      dueAt: 0,
      heapIndex: -1,
      looks: 0,
      lookAgain: false,
      drop: () => {
        if (this.#held.delete(entry)) this.#count(message, -1);
        this.#heap.remove(entry);
      },
    };
    this.#held.add(entry);
    this.#count(message, 1);
    this.#lookAt(entry, this.#options.time() + (message.firstLookMs ?? FIRST_LOOK_MS));
    if (this.#loop === "idle") void this.#run();
    return entry;
  }

  /** A record is known to have changed in this process: looks at it at once. */
  wake(key: string): void {
    for (const entry of this.#held) if (entry.message.key === key) this.#lookSoon(entry);
  }

  /** Looks at once at everything that waits for something else than a fact about its record. */
  wakeWaiting(): void {
    for (const entry of this.#held) if (entry.message.key === undefined) this.#lookSoon(entry);
  }

  stop(): void {
    this.#loop = "stopped";
    this.#wakeUp.end();
  }

  #lookAt(entry: Entry, at: number): void {
    this.#heap.put(entry, at);
    this.#wakeUp.noLaterThan(at);
  }

  #lookSoon(entry: Entry): void {
    if (entry.heapIndex < 0) entry.lookAgain = true;
    else this.#lookAt(entry, this.#options.time());
  }

  async #run(): Promise<void> {
    this.#loop = "running";
    try {
      for (let next = this.#heap.peek(); next; next = this.#heap.peek()) {
        if (this.#isStopped()) return;
        if (next.dueAt > this.#options.time()) await this.#wakeUp.sleepUntil(next.dueAt);
        else await this.#lookAtDue();
      }
    } finally {
      if (!this.#isStopped()) this.#loop = "idle";
    }
  }

  #count({ pipeline, messages, bytes, reason }: HeldMessage, sign: 1 | -1): void {
    const before = this.of(pipeline);
    this.#byPipeline.set(pipeline, {
      count: before.count + sign * messages,
      bytes: before.bytes + sign * bytes,
      forProvider: before.forProvider + (reason === "providerDown" ? sign : 0),
    });
  }

  #isStopped(): boolean {
    return this.#loop === "stopped";
  }

  async #lookAtDue(): Promise<void> {
    const due = this.#takeDue(this.#options.time() + TOGETHER_MS);
    const records = await this.#readRecords(due);
    for (const entry of due) {
      if (!this.#held.has(entry)) continue;
      const { key } = entry.message;
      const record = key === undefined ? undefined : records?.get(key);
      // Where nothing could be read, nothing is known.
      const answered = key === undefined || records !== undefined;
      const look = answered && !(record instanceof Error) ? entry.message.look(record) : undefined;
      if (look?.kind === "goOn") {
        entry.drop();
        entry.message.goOn(look);
      } else {
        this.#lookLater(entry, answered, look?.forMs);
      }
    }
  }

  #takeDue(until: number): readonly Entry[] {
    const due: Entry[] = [];
    for (let entry = this.#heap.peek(); entry && entry.dueAt <= until; entry = this.#heap.peek()) {
      if (due.length >= READ_BATCH) break;
      this.#heap.remove(entry);
      due.push(entry);
    }
    return due;
  }

  /** The store's outage is no reason to look less often later. */
  #lookLater(entry: Entry, answered: boolean, forMs: number | undefined): void {
    if (answered) entry.looks += 1;
    const delayMs = forMs ?? Math.min(MAX_LOOK_MS, FIRST_LOOK_MS * 2 ** entry.looks);
    this.#heap.put(entry, this.#options.time() + (entry.lookAgain ? 0 : delayMs));
    entry.lookAgain = false;
  }

  async #readRecords(
    due: readonly Entry[],
  ): Promise<ReadonlyMap<string, ItemReply<RecordView | undefined>> | undefined> {
    const keys = [...new Set(due.flatMap(({ message }) => message.key ?? []))];
    if (keys.length === 0) return new Map();
    try {
      const records = await this.#options.store.read(keys);
      for (const record of records) {
        if (record instanceof Error) this.#options.onStoreFault(record);
      }
      return new Map(keys.map((key, index) => [key, records[index]]));
    } catch (error) {
      this.#options.onStoreFault(error);
      return undefined;
    }
  }
}
