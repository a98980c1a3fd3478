import type { Clock } from "../ports/clock.js";
import type {
  DeadLetterReason,
  DeadLetterReply,
  MessageQueue,
  QueueDescription,
  QueueMessage,
  QueueReply,
  ReceiveRequest,
  VisibilityChange,
} from "../ports/message-queue.js";
import { createFaults, type QueueFault, type QueueOperation } from "./memory-queue-faults.js";
import { messageBytes, withNote, type MemorySend, type StoredMessage } from "./memory-messages.js";
import { MemoryShelf } from "./memory-shelf.js";

/** Of a {@link memoryQueue}. */
export interface MemoryQueueOptions {
  /**
   * Visibility, retention and long polls follow `monotonic()` and `sleep()`; `now()` only stamps
   * messages.
   */
  readonly clock: Clock;
  /** Default `memory`, with `.fifo` on a FIFO queue. */
  readonly name?: string | undefined;
  /** Default false. */
  readonly fifo?: boolean | undefined;
  /**
   * At most one message of a FIFO group in each receive, as some emulators do. By default a receive
   * takes as many of a group as it may, as SQS does: all of them are then in flight at once.
   */
  readonly onePerGroup?: boolean | undefined;
  /** The queue's own default visibility, only told by `describe`. Default 30,000. */
  readonly visibilityMs?: number | undefined;
  /** Messages older than this are gone. Default 4 days. */
  readonly retentionMs?: number | undefined;
  /** Where dead letters go: another memory queue of the same type. Without it there is no policy. */
  readonly deadLetterQueue?: MemoryQueue | undefined;
  /** Receives after which the queue itself moves a message to the dead-letter queue. Default 10. */
  readonly maxReceiveCount?: number | undefined;
  /** Bytes of body and attributes that a dead letter may have. Default 1,048,576. */
  readonly maxMessageBytes?: number | undefined;
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
  const queue = new InMemory(options);
  // Its own properties, so that a test can spread it and replace one of them.
  return {
    name: queue.name,
    calls: queue.calls,
    describe: () => queue.describe(),
    receive: (request) => queue.receive(request),
    extend: (items) => queue.extend(items),
    acknowledge: (items) => queue.acknowledge(items),
    retryLater: (items) => queue.retryLater(items),
    deadLetter: (message, reason) => queue.deadLetter(message, reason),
    send: (body, sending) => queue.send(body, sending),
    messages: () => queue.messages(),
    deadLetters: () => queue.deadLetters(),
    inject: (fault) => {
      queue.inject(fault);
    },
    clearFaults: () => {
      queue.clearFaults();
    },
    redeliver: (id) => {
      queue.redeliver(id);
    },
  };
}

class InMemory implements MemoryQueue {
  readonly name: string;
  readonly calls: Readonly<Record<QueueOperation, number>>;
  readonly #clock: Clock;
  readonly #deadLetterQueue: MemoryQueue | undefined;
  readonly #maxReceiveCount: number;
  readonly #maxMessageBytes: number;
  readonly #description: QueueDescription;
  readonly #shelf: MemoryShelf;
  readonly #pollers = new Set<AbortController>();
  readonly #faults = createFaults();

  constructor(options: MemoryQueueOptions) {
    const { clock, fifo = false, onePerGroup = false, deadLetterQueue } = options;
    const { visibilityMs = 30_000, retentionMs = 4 * DAY_MS, maxReceiveCount = 10 } = options;
    this.name = options.name ?? (fifo ? "memory.fifo" : "memory");
    this.calls = this.#faults.calls;
    this.#clock = clock;
    this.#deadLetterQueue = deadLetterQueue;
    this.#maxReceiveCount = maxReceiveCount;
    this.#maxMessageBytes = options.maxMessageBytes ?? 1_048_576;
    this.#shelf = new MemoryShelf({ clock, name: this.name, fifo, onePerGroup, retentionMs });
    this.#description = {
      name: this.name,
      fifo,
      visibilityMs,
      retentionMs,
      ...(deadLetterQueue === undefined
        ? {}
        : { deadLetter: { name: deadLetterQueue.name, maxReceiveCount } }),
    };
  }

  describe(): Promise<QueueDescription> {
    return this.#faults.around("describe", { run: () => this.#description });
  }

  receive(request: ReceiveRequest): Promise<readonly QueueMessage[]> {
    return this.#faults.around("receive", { run: () => this.#poll(request) });
  }

  extend(items: readonly VisibilityChange[]): Promise<readonly QueueReply[]> {
    return this.#batch("extend", items, (item) => this.#changeVisibility(item));
  }

  acknowledge(items: readonly QueueMessage[]): Promise<readonly QueueReply[]> {
    return this.#batch("acknowledge", items, (message) => {
      const reply = this.#shelf.remove(message);
      this.#wakePollers();
      return reply;
    });
  }

  retryLater(items: readonly VisibilityChange[]): Promise<readonly QueueReply[]> {
    return this.#batch("retryLater", items, (item) => this.#changeVisibility(item));
  }

  deadLetter(message: QueueMessage, reason: DeadLetterReason): Promise<DeadLetterReply> {
    return this.#faults.around("deadLetter", { run: () => this.#copy(message, reason) });
  }

  send(body: string, options: MemorySend = {}): string {
    const id = this.#shelf.send(body, options);
    this.#wakePollers();
    return id;
  }

  messages(): readonly StoredMessage[] {
    this.#shelf.dropExpired();
    return this.#shelf.all();
  }

  deadLetters(): readonly StoredMessage[] {
    return this.#deadLetterQueue?.messages() ?? [];
  }

  inject(fault: QueueFault): void {
    this.#faults.inject(fault);
  }

  clearFaults(): void {
    this.#faults.clear();
  }

  redeliver(id: string): void {
    this.#shelf.makeVisible(id);
    this.#wakePollers();
  }

  async #poll(request: ReceiveRequest): Promise<readonly QueueMessage[]> {
    if (!(request.max >= 1 && request.max <= BATCH_LIMIT)) {
      throw new RangeError(`receive: max must be 1 to ${BATCH_LIMIT}, not ${request.max}`);
    }
    const until = this.#clock.monotonic() + request.waitMs;
    for (;;) {
      this.#shelf.dropExpired();
      this.#redriveExhausted();
      const taken = this.#shelf.take(request);
      const now = this.#clock.monotonic();
      if (taken.length > 0 || now >= until || request.signal?.aborted) return taken;
      const next = this.#shelf.nextVisibleAt() ?? until;
      await this.#waitForChange(Math.min(until, next) - now, request.signal);
    }
  }

  /** The redrive policy: a message received `maxReceiveCount` times moves instead of coming again. */
  #redriveExhausted(): void {
    if (this.#deadLetterQueue === undefined) return;
    for (const { body, groupId, attributes } of this.#shelf.removeExhausted(
      this.#maxReceiveCount,
    )) {
      this.#deadLetterQueue.send(body, {
        ...(groupId === undefined ? {} : { groupId }),
        attributes,
      });
    }
  }

  async #waitForChange(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const poller = new AbortController();
    const stop = () => {
      poller.abort();
    };
    this.#pollers.add(poller);
    signal?.addEventListener("abort", stop, { once: true });
    await this.#clock.sleep(ms, poller.signal);
    signal?.removeEventListener("abort", stop);
    this.#pollers.delete(poller);
  }

  #wakePollers(): void {
    for (const poller of this.#pollers) poller.abort();
  }

  #changeVisibility({ message, visibilityMs }: VisibilityChange): QueueReply {
    const reply = this.#shelf.changeVisibility(message, visibilityMs);
    this.#wakePollers();
    return reply;
  }

  #copy(message: QueueMessage, reason: DeadLetterReason): DeadLetterReply {
    const to = this.#deadLetterQueue;
    if (to === undefined) return { denied: `${this.name} has no redrive policy` };
    const { groupId, body } = message;
    const attributes = [withNote(message, reason, this.name), message.attributes].find(
      (candidate) => messageBytes(body, candidate) <= this.#maxMessageBytes,
    );
    if (attributes === undefined) {
      return { denied: `the copy would be larger than ${this.#maxMessageBytes} bytes` };
    }
    const group = groupId === undefined ? {} : { groupId };
    to.send(body, { ...group, dedupId: message.id, attributes });
    return "copied";
  }

  #batch<Item>(
    operation: QueueOperation,
    items: readonly Item[],
    act: (item: Item) => QueueReply,
  ): Promise<readonly QueueReply[]> {
    return this.#faults.around(operation, {
      size: items.length,
      run: () => {
        if (items.length > BATCH_LIMIT) {
          throw new RangeError(`${operation}: at most ${BATCH_LIMIT} items, not ${items.length}`);
        }
        return items.map(act);
      },
    });
  }
}
