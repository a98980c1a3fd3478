import type { Clock } from "../ports/clock.js";
import {
  MAX_VISIBILITY_MS,
  type DeadLetterReason,
  type DeadLetterReply,
  type MessageQueue,
  type QueueDescription,
  type QueueMessage,
  type QueueReply,
  type ReceiveRequest,
  type VisibilityChange,
} from "../ports/message-queue.js";
import { createFaults, type QueueFault, type QueueOperation } from "./memory-queue-faults.js";
import {
  DEDUPLICATION_MS,
  isInFlight,
  messageBytes,
  nextVisibleAt,
  receivable,
  toStoredMessage,
  withNote,
  type Entry,
  type MemorySend,
  type StoredMessage,
} from "./memory-messages.js";

export interface MemoryQueueOptions {
  /**
   * Visibility, retention and long polls follow `monotonic()` and `sleep()`; `now()` only stamps
   * messages.
   */
  readonly clock: Clock;
  /** Default `memory`, with `.fifo` on a FIFO queue. */
  readonly name?: string;
  /** Default false. */
  readonly fifo?: boolean;
  /**
   * At most one message of a FIFO group in each receive, as some emulators do. By default a receive
   * takes as many of a group as it may, as SQS does: all of them are then in flight at once.
   */
  readonly onePerGroup?: boolean;
  /** The queue's own default visibility, only told by `describe`. Default 30,000. */
  readonly visibilityMs?: number;
  /** Messages older than this are gone. Default 4 days. */
  readonly retentionMs?: number;
  /** Where dead letters go: another memory queue of the same type. Without it there is no policy. */
  readonly deadLetterQueue?: MemoryQueue;
  /** Receives after which the queue itself moves a message to the dead-letter queue. Default 10. */
  readonly maxReceiveCount?: number;
  /** Bytes of body and attributes that a dead letter may have. Default 1,048,576. */
  readonly maxMessageBytes?: number;
}

/** A {@link MessageQueue} in memory, with what a test needs to feed it, break it and look inside. */
export interface MemoryQueue extends MessageQueue {
  readonly name: string;
  /** Returns the message's id; on a FIFO queue a repeated `dedupId` returns the first one's. */
  send(body: string, options?: MemorySend): string;
  /** Everything that is stored, oldest first, in flight or not. */
  messages(): readonly StoredMessage[];
  /** What stands in the dead-letter queue. */
  deadLetters(): readonly StoredMessage[];
  /** Calls made so far, by operation; failed ones count. */
  readonly calls: Readonly<Record<QueueOperation, number>>;
  /** Breaks the next calls of one operation. Faults of one operation apply in the order given. */
  inject(fault: QueueFault): void;
  /** Takes back whatever was injected and has not happened yet. */
  clearFaults(): void;
  /**
   * Makes a message visible at once although it is being worked on, as an at-least-once queue may.
   * Its current handle goes stale with the next receive.
   */
  redeliver(id: string): void;
}

const BATCH_LIMIT = 10;
const DAY_MS = 24 * 3_600_000;

/**
 * A queue for tests that follows SQS as AWS documents it: a new handle with every receive, FIFO
 * groups that wait for what is in flight, five minutes of deduplication, 12 hours of visibility at
 * most from the receive, and a redrive policy that acts when a message is asked for once too often.
 *
 * As with SQS, deleting by a handle that is no longer the newest answers `ok` on a standard queue
 * and deletes nothing; a FIFO queue answers `lost`, also for the newest handle after its visibility
 * ended.
 */
export function memoryQueue(options: MemoryQueueOptions): MemoryQueue {
  const { clock, fifo = false, onePerGroup = false, deadLetterQueue } = options;
  const name = options.name ?? (fifo ? "memory.fifo" : "memory");
  const visibilityMs = options.visibilityMs ?? 30_000;
  const retentionMs = options.retentionMs ?? 4 * DAY_MS;
  const maxReceiveCount = options.maxReceiveCount ?? 10;
  const maxMessageBytes = options.maxMessageBytes ?? 1_048_576;

  const entries = new Map<string, Entry>();
  const recentSends = new Map<string, { readonly id: string; readonly at: number }>();
  const pollers = new Set<AbortController>();
  const faults = createFaults();
  let sends = 0;

  function wakePollers(): void {
    for (const poller of pollers) poller.abort();
  }

  function send(body: string, { groupId, dedupId, attributes = {} }: MemorySend = {}): string {
    if (fifo && groupId === undefined) throw new TypeError(`${name} is FIFO: pass a groupId`);
    const now = clock.monotonic();
    if (fifo && dedupId !== undefined) {
      const earlier = recentSends.get(dedupId);
      if (earlier !== undefined && now - earlier.at < DEDUPLICATION_MS) return earlier.id;
    }
    sends += 1;
    const id = `${name}-${sends}`;
    if (dedupId !== undefined) recentSends.set(dedupId, { id, at: now });
    entries.set(id, {
      id,
      body,
      attributes: { ...attributes },
      groupId,
      sentAt: clock.now(),
      storedAt: now,
      receiveCount: 0,
      generation: 0,
      receivedAt: 0,
      visibleAt: now,
    });
    wakePollers();
    return id;
  }

  function dropExpired(): void {
    const oldest = clock.monotonic() - retentionMs;
    for (const entry of entries.values()) if (entry.storedAt < oldest) entries.delete(entry.id);
  }

  /** The redrive policy: a message received `maxReceiveCount` times moves instead of coming again. */
  function redriveExhausted(): void {
    if (deadLetterQueue === undefined) return;
    const now = clock.monotonic();
    for (const entry of receivable(entries.values(), { max: Infinity, fifo, now })) {
      if (entry.receiveCount < maxReceiveCount) continue;
      entries.delete(entry.id);
      deadLetterQueue.send(entry.body, {
        ...(entry.groupId === undefined ? {} : { groupId: entry.groupId }),
        attributes: entry.attributes,
      });
    }
  }

  function take(request: ReceiveRequest): readonly QueueMessage[] {
    dropExpired();
    redriveExhausted();
    const now = clock.monotonic();
    const { max } = request;
    return receivable(entries.values(), { max, fifo, onePerGroup, now }).map((entry) => {
      entry.receiveCount += 1;
      entry.generation += 1;
      entry.receivedAt = now;
      entry.visibleAt = now + Math.min(request.visibilityMs, MAX_VISIBILITY_MS);
      return toQueueMessage(entry);
    });
  }

  async function receive(request: ReceiveRequest): Promise<readonly QueueMessage[]> {
    if (!(request.max >= 1 && request.max <= BATCH_LIMIT)) {
      throw new RangeError(`receive: max must be 1 to ${BATCH_LIMIT}, not ${request.max}`);
    }
    const until = clock.monotonic() + request.waitMs;
    for (;;) {
      const taken = take(request);
      const now = clock.monotonic();
      if (taken.length > 0 || now >= until || request.signal?.aborted) return taken;
      const next = nextVisibleAt(entries.values(), now) ?? until;
      await waitForChange(Math.min(until, next) - now, request.signal);
    }
  }

  async function waitForChange(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const poller = new AbortController();
    const stop = () => {
      poller.abort();
    };
    pollers.add(poller);
    signal?.addEventListener("abort", stop, { once: true });
    await clock.sleep(ms, poller.signal);
    signal?.removeEventListener("abort", stop);
    pollers.delete(poller);
  }

  /** The entry, if `message` is its newest delivery and still in flight. */
  function held(message: QueueMessage): Entry | undefined {
    const entry = entries.get(message.id);
    if (entry === undefined || toHandle(entry) !== message.handle) return undefined;
    return isInFlight(entry, clock.monotonic()) ? entry : undefined;
  }

  function changeVisibility({ message, visibilityMs: ms }: VisibilityChange): QueueReply {
    const entry = held(message);
    if (entry === undefined) return "lost";
    const now = clock.monotonic();
    if (now + ms - entry.receivedAt > MAX_VISIBILITY_MS) {
      return { failed: "visibilityLimit: a delivery stays invisible for at most 12 hours" };
    }
    entry.visibleAt = now + ms;
    wakePollers();
    return "ok";
  }

  function remove(message: QueueMessage): QueueReply {
    const entry = entries.get(message.id);
    if (entry === undefined) return "ok";
    if (fifo && held(message) === undefined) return "lost";
    if (toHandle(entry) !== message.handle) return "ok";
    entries.delete(entry.id);
    wakePollers();
    return "ok";
  }

  function copyToDeadLetters(message: QueueMessage, reason: DeadLetterReason): DeadLetterReply {
    if (deadLetterQueue === undefined) return { denied: `${name} has no redrive policy` };
    const { groupId, body } = message;
    const fits = [withNote(message, reason, name), message.attributes].find(
      (attributes) => messageBytes(body, attributes) <= maxMessageBytes,
    );
    if (fits === undefined) {
      return { denied: `the copy would be larger than ${maxMessageBytes} bytes` };
    }
    deadLetterQueue.send(body, {
      ...(groupId === undefined ? {} : { groupId }),
      dedupId: message.id,
      attributes: fits,
    });
    return "copied";
  }

  function batch<Item>(
    operation: QueueOperation,
    items: readonly Item[],
    act: (item: Item) => QueueReply,
  ): Promise<readonly QueueReply[]> {
    return faults.around(operation, {
      size: items.length,
      run: () => {
        if (items.length > BATCH_LIMIT) {
          throw new RangeError(`${operation}: at most ${BATCH_LIMIT} items, not ${items.length}`);
        }
        return items.map(act);
      },
    });
  }

  function describe(): QueueDescription {
    return {
      name,
      fifo,
      visibilityMs,
      retentionMs,
      ...(deadLetterQueue === undefined
        ? {}
        : { deadLetter: { name: deadLetterQueue.name, maxReceiveCount } }),
    };
  }

  return {
    name,
    describe: () => faults.around("describe", { run: describe }),
    receive: (request) => faults.around("receive", { run: () => receive(request) }),
    extend: (items) => batch("extend", items, changeVisibility),
    acknowledge: (items) => batch("acknowledge", items, remove),
    retryLater: (items) => batch("retryLater", items, changeVisibility),
    deadLetter: (message, reason) =>
      faults.around("deadLetter", { run: () => copyToDeadLetters(message, reason) }),
    send,
    messages() {
      dropExpired();
      return [...entries.values()].map((entry) => toStoredMessage(entry, clock.monotonic()));
    },
    deadLetters: () => deadLetterQueue?.messages() ?? [],
    calls: faults.calls,
    inject: faults.inject,
    clearFaults: faults.clear,
    redeliver(id) {
      const entry = entries.get(id);
      if (entry === undefined) throw new Error(`${name} has no message ${id}`);
      entry.visibleAt = clock.monotonic();
      wakePollers();
    },
  };
}

const toHandle = (entry: Entry) => `${entry.id}#${entry.generation}`;

function toQueueMessage(entry: Entry): QueueMessage {
  return {
    id: entry.id,
    handle: toHandle(entry),
    body: entry.body,
    attributes: { ...entry.attributes },
    ...(entry.groupId === undefined ? {} : { groupId: entry.groupId }),
    sentAt: entry.sentAt,
    receiveCount: entry.receiveCount,
  };
}
