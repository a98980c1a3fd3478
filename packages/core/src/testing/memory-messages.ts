import type { DeadLetterReason, QueueMessage } from "../ports/message-queue.js";

/** A message a test puts into a {@link memoryQueue}. */
export interface MemorySend {
  /** Required on a FIFO queue. */
  readonly groupId?: string;
  /** FIFO only. The default is one of its own: nothing is deduplicated. */
  readonly dedupId?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** When it was sent, ms since the epoch, as `sentAt` tells. Default: now. */
  readonly sentAt?: number;
}

/** A message as the queue itself sees it, for a test to look at. */
export interface StoredMessage {
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly groupId?: string;
  /** Wall-clock ms since the epoch. */
  readonly sentAt: number;
  readonly receiveCount: number;
  /** Received, not deleted, and its visibility has not ended. */
  readonly inFlight: boolean;
  /** Monotonic ms at which it becomes visible; in the past where it is visible. */
  readonly visibleAt: number;
}

/** One stored message and its newest delivery. Times are monotonic unless said otherwise. */
export interface Entry {
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly groupId: string | undefined;
  /** Wall clock. */
  readonly sentAt: number;
  readonly storedAt: number;
  receiveCount: number;
  /** Rises with every receive; only the newest delivery's handle counts. */
  generation: number;
  receivedAt: number;
  visibleAt: number;
}

/** SQS remembers a deduplication id for five minutes, also after the message was deleted. */
export const DEDUPLICATION_MS = 5 * 60_000;

export const isInFlight = (entry: Entry, now: number) =>
  entry.generation > 0 && entry.visibleAt > now;

/** The first `max` messages that a receive may return now, oldest first. */
export function receivable(
  entries: Iterable<Entry>,
  options: {
    readonly max: number;
    readonly fifo: boolean;
    readonly onePerGroup?: boolean;
    readonly now: number;
  },
): readonly Entry[] {
  const { max, fifo, onePerGroup = false, now } = options;
  const all = [...entries];
  const locked = new Set(
    fifo ? all.filter((entry) => isInFlight(entry, now)).map((entry) => entry.groupId) : [],
  );
  const taken: Entry[] = [];
  for (const entry of all) {
    if (taken.length >= max) break;
    if (entry.visibleAt > now || (fifo && locked.has(entry.groupId))) continue;
    taken.push(entry);
    if (onePerGroup) locked.add(entry.groupId);
  }
  return taken;
}

/** When the next message can become receivable without anybody doing anything. */
export function nextVisibleAt(entries: Iterable<Entry>, now: number): number | undefined {
  let next: number | undefined;
  for (const { visibleAt } of entries) {
    if (visibleAt > now && (next === undefined || visibleAt < next)) next = visibleAt;
  }
  return next;
}

export function toStoredMessage(entry: Entry, now: number): StoredMessage {
  const { id, body, attributes, groupId, sentAt, receiveCount, visibleAt } = entry;
  return {
    id,
    body,
    attributes,
    ...(groupId === undefined ? {} : { groupId }),
    sentAt,
    receiveCount,
    inFlight: isInFlight(entry, now),
    visibleAt,
  };
}

/** SQS takes no more attributes than these in a message, the note of a dead letter included. */
const ATTRIBUTE_LIMIT = 10;
const NOTE = "exactly-once";

/**
 * The attributes of a dead letter with its note among them. Where all ten are taken the note stands in
 * one's place and holds what stood there.
 */
export function withNote(
  message: QueueMessage,
  reason: DeadLetterReason,
  queueName: string,
): Readonly<Record<string, string>> {
  const { [NOTE]: _, ...others } = message.attributes;
  const names = Object.keys(others).sort();
  const displaced = names.slice(ATTRIBUTE_LIMIT - 1);
  const note = {
    code: reason.code,
    text: reason.text,
    attemptIds: reason.attemptIds,
    sourceArn: `arn:memory:${queueName}`,
    groupId: message.groupId,
    originalMessageId: message.id,
    receiveCount: message.receiveCount,
    sentAt: message.sentAt,
    ...(displaced.length === 0
      ? {}
      : {
          displaced: Object.fromEntries(
            displaced.map((name) => [name, { type: "String", value: others[name] }]),
          ),
        }),
  };
  const kept = names.filter((name) => !displaced.includes(name));
  return {
    ...Object.fromEntries(kept.map((name) => [name, others[name] ?? ""])),
    [NOTE]: JSON.stringify(note),
  };
}

/** SQS counts body, attribute names, types and values. */
export function messageBytes(body: string, attributes: Readonly<Record<string, string>>): number {
  const text = [body, ...Object.entries(attributes).flatMap(([k, v]) => [k, "String", v])];
  return text.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
}
