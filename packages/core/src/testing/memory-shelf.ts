import type { Clock } from "../ports/clock.js";
import {
  MAX_VISIBILITY_MS,
  type QueueMessage,
  type QueueReply,
  type ReceiveRequest,
} from "../ports/message-queue.js";
import {
  DEDUPLICATION_MS,
  isInFlight,
  nextVisibleAt,
  receivable,
  toStoredMessage,
  type Entry,
  type MemorySend,
  type StoredMessage,
} from "./memory-messages.js";

export interface ShelfOptions {
  readonly clock: Clock;
  readonly name: string;
  readonly fifo: boolean;
  readonly onePerGroup: boolean;
  readonly retentionMs: number;
}

/**
 * The messages of a memory queue and what may be done with them. An entry is *visible*, then *in flight*
 * from a receive until its visibility ends, is changed to nothing or the entry is removed; each receive
 * gives it a new handle, and only the newest one's counts.
 */
export class MemoryShelf {
  readonly #options: ShelfOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #recentSends = new Map<string, { readonly id: string; readonly at: number }>();
  #sends = 0;

  constructor(options: ShelfOptions) {
    this.#options = options;
  }

  send(body: string, sending: MemorySend): string {
    const { clock, name, fifo } = this.#options;
    const { groupId, dedupId, attributes = {}, sentAt = clock.now() } = sending;
    if (fifo && groupId === undefined) throw new TypeError(`${name} is FIFO: pass a groupId`);
    const now = clock.monotonic();
    if (fifo && dedupId !== undefined) {
      const earlier = this.#recentSends.get(dedupId);
      if (earlier !== undefined && now - earlier.at < DEDUPLICATION_MS) return earlier.id;
    }
    this.#sends += 1;
    const id = `${name}-${this.#sends}`;
    if (dedupId !== undefined) this.#recentSends.set(dedupId, { id, at: now });
    this.#entries.set(id, {
      id,
      body,
      attributes: { ...attributes },
      groupId,
      sentAt,
      storedAt: now,
      receiveCount: 0,
      generation: 0,
      receivedAt: 0,
      visibleAt: now,
    });
    return id;
  }

  /** Removes what is older than the retention. */
  dropExpired(): void {
    const { clock, retentionMs } = this.#options;
    const oldest = clock.monotonic() - retentionMs;
    for (const { id, storedAt } of this.#entries.values()) {
      if (storedAt < oldest) this.#entries.delete(id);
    }
  }

  /** Takes out what a receive could return but was received so often already. */
  removeExhausted(maxReceiveCount: number): readonly Entry[] {
    const { clock, fifo } = this.#options;
    const now = clock.monotonic();
    const candidates = receivable(this.#entries.values(), { max: Infinity, fifo, now });
    const exhausted = candidates.filter(({ receiveCount }) => receiveCount >= maxReceiveCount);
    for (const { id } of exhausted) this.#entries.delete(id);
    return exhausted;
  }

  take({ max, visibilityMs }: ReceiveRequest): readonly QueueMessage[] {
    const { clock, fifo, onePerGroup } = this.#options;
    const now = clock.monotonic();
    const taken = receivable(this.#entries.values(), { max, fifo, onePerGroup, now });
    return taken.map((entry) => {
      entry.receiveCount += 1;
      entry.generation += 1;
      entry.receivedAt = now;
      entry.visibleAt = now + Math.min(visibilityMs, MAX_VISIBILITY_MS);
      return toQueueMessage(entry);
    });
  }

  changeVisibility(message: QueueMessage, visibilityMs: number): QueueReply {
    const entry = this.#inFlight(message);
    if (entry === undefined) return "lost";
    const now = this.#options.clock.monotonic();
    if (now + visibilityMs - entry.receivedAt > MAX_VISIBILITY_MS) {
      return { failed: "visibilityLimit: a delivery stays invisible for at most 12 hours" };
    }
    entry.visibleAt = now + visibilityMs;
    return "ok";
  }

  remove(message: QueueMessage): QueueReply {
    const entry = this.#entries.get(message.id);
    if (entry === undefined) return "ok";
    if (this.#options.fifo && this.#inFlight(message) === undefined) return "lost";
    if (toHandle(entry) === message.handle) this.#entries.delete(entry.id);
    return "ok";
  }

  makeVisible(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new Error(`${this.#options.name} has no message ${id}`);
    entry.visibleAt = this.#options.clock.monotonic();
  }

  nextVisibleAt(): number | undefined {
    return nextVisibleAt(this.#entries.values(), this.#options.clock.monotonic());
  }

  all(): readonly StoredMessage[] {
    const now = this.#options.clock.monotonic();
    return [...this.#entries.values()].map((entry) => toStoredMessage(entry, now));
  }

  /** The entry, if `message` is its newest delivery and still in flight. */
  #inFlight(message: QueueMessage): Entry | undefined {
    const entry = this.#entries.get(message.id);
    if (entry === undefined || toHandle(entry) !== message.handle) return undefined;
    return isInFlight(entry, this.#options.clock.monotonic()) ? entry : undefined;
  }
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
