import type { Site } from "../kernel/decisions.js";
import type { Kernel } from "../kernel/kernel.js";

/** What a queue told of itself: for the oracles. */
export type SqsEvent =
  | { readonly type: "sent"; readonly message: StoredMessage }
  | { readonly type: "received"; readonly message: StoredMessage }
  | { readonly type: "deleted"; readonly message: StoredMessage }
  | { readonly type: "redriven"; readonly message: StoredMessage }
  | { readonly type: "expired"; readonly message: StoredMessage };

export interface SqsQueueOptions {
  readonly kernel: Kernel;
  readonly name: string;
  readonly fifo: boolean;
  readonly retentionMs: number;
  readonly redrive?: { readonly to: SqsQueue; readonly maxReceiveCount: number };
  readonly faults: SqsFaults;
  readonly observe: (queue: SqsQueue, event: SqsEvent) => void;
}

/** Habits of a standard queue that AWS documents. On a FIFO queue none of them happens. */
export interface SqsFaults {
  /** Hands out a message that is in flight ("at-least-once delivery"). */
  readonly doubleDelivery: Site;
  /** A deleted message comes back, since a server that was down kept its copy. */
  readonly forgottenDelete: Site;
  /** Takes another than the oldest ("best-effort ordering"). */
  readonly reorder: Site;
  /** The server that has a new message is away: it can be received later only. */
  readonly lateArrival: Site;
  /** An outdated handle still moves the visibility. */
  readonly outdatedHandleWorks: Site;
}

export interface StoredMessage {
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly groupId: string | undefined;
  readonly dedupId: string | undefined;
  readonly sentAt: number;
  readonly sequence: number;
  visibleAt: number;
  /** True time of the last receive; 12 hours count from it. */
  receivedAt: number;
  receiveCount: number;
  /** Rises with each receive; the handle carries it. */
  generation: number;
  deleted: boolean;
}

export interface Delivery {
  readonly message: StoredMessage;
  readonly handle: string;
  readonly receiveCount: number;
}

export type SqsError =
  "MessageNotInflight" | "ReceiptHandleIsInvalid" | "InvalidParameterValue" | "InternalError";

export interface SqsSend {
  readonly body: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly groupId?: string;
  readonly dedupId?: string;
}

export interface SqsReceive {
  readonly max: number;
  readonly visibilityMs: number;
  readonly waitMs: number;
}

/** A poll under way. `close()` is what the server does when the client hangs up. */
export interface Poll {
  readonly reply: Promise<readonly Delivery[]>;
  close(): void;
}

/** A queue that behaves as the SQS developer guide and API reference say, at its worst. */
export interface SqsQueue {
  readonly name: string;
  readonly fifo: boolean;
  readonly retentionMs: number;
  readonly redrive: { readonly to: SqsQueue; readonly maxReceiveCount: number } | undefined;
  send(item: SqsSend): { readonly id: string; readonly swallowed: boolean };
  receive(request: SqsReceive): Poll;
  changeVisibility(handle: string, visibilityMs: number): "ok" | SqsError;
  delete(handle: string): "ok" | SqsError;
  /** What it still holds, in flight or not. */
  messages(): readonly StoredMessage[];
}

const HOUR_MS = 3_600_000;
const MAX_IN_FLIGHT_MS = 12 * HOUR_MS;
const DEDUPLICATION_MS = 5 * 60_000;
const MAX_ARRIVAL_MS = 180_000;

export function sqsQueue(options: SqsQueueOptions): SqsQueue {
  const { kernel, name, fifo, retentionMs, redrive, faults } = options;
  const messages = new Map<string, StoredMessage>();
  const recentSends = new Map<string, { readonly id: string; readonly at: number }>();
  const waiting = new Set<() => void>();
  let sequence = 0;
  let alarmAt = Number.POSITIVE_INFINITY;

  const queue: SqsQueue = {
    name,
    fifo,
    retentionMs,
    redrive,
    send,
    receive,
    changeVisibility,
    delete: remove,
    messages: () => [...messages.values()],
  };
  const tell = (type: SqsEvent["type"], message: StoredMessage): void =>
    options.observe(queue, { type, message });

  function send(item: SqsSend): { id: string; swallowed: boolean } {
    if (fifo && item.dedupId !== undefined) {
      const known = recentSends.get(item.dedupId);
      if (known && kernel.now - known.at < DEDUPLICATION_MS) {
        return { id: known.id, swallowed: true };
      }
    }
    sequence += 1;
    const id = `${name}/${sequence}`;
    if (fifo && item.dedupId !== undefined) recentSends.set(item.dedupId, { id, at: kernel.now });
    const message: StoredMessage = {
      id,
      body: item.body,
      attributes: item.attributes ?? {},
      groupId: item.groupId,
      dedupId: item.dedupId,
      sentAt: kernel.now,
      sequence,
      visibleAt: kernel.now + (fifo ? 0 : faults.lateArrival.next() * MAX_ARRIVAL_MS),
      receivedAt: 0,
      receiveCount: 0,
      generation: 0,
      deleted: false,
    };
    messages.set(id, message);
    tell("sent", message);
    offer();
    return { id, swallowed: false };
  }

  function receive({ max, visibilityMs, waitMs }: SqsReceive): Poll {
    let finish: (found: readonly Delivery[]) => void = () => undefined;
    const reply = new Promise<readonly Delivery[]>((resolve) => {
      finish = resolve;
    });
    const found = take(max, visibilityMs);
    if (found.length > 0 || waitMs <= 0) {
      finish(found);
      return { reply, close: () => undefined };
    }
    const end = kernel.schedule(kernel.now + waitMs, () => close());
    const look = (): void => {
      const now = take(max, visibilityMs);
      if (now.length > 0) close(now);
    };
    const close = (now: readonly Delivery[] = []): void => {
      if (!waiting.delete(look)) return;
      kernel.cancel(end);
      finish(now);
    };
    waiting.add(look);
    setAlarm();
    return { reply, close: () => close() };
  }

  /** Long polls look again when something comes, or becomes visible. */
  function offer(): void {
    for (const look of [...waiting]) look();
    setAlarm();
  }

  function setAlarm(): void {
    if (waiting.size === 0) return;
    let next = Number.POSITIVE_INFINITY;
    for (const { visibleAt } of messages.values()) {
      if (visibleAt > kernel.now && visibleAt < next) next = visibleAt;
    }
    if (next >= alarmAt && alarmAt > kernel.now) return;
    if (next === Number.POSITIVE_INFINITY) return;
    alarmAt = next;
    kernel.schedule(next, () => {
      alarmAt = Number.POSITIVE_INFINITY;
      offer();
    });
  }

  function take(max: number, visibilityMs: number): Delivery[] {
    expire();
    const taken: Delivery[] = [];
    const busyGroups = new Set<string>();
    if (fifo) {
      for (const message of messages.values()) {
        if (message.visibleAt > kernel.now && message.groupId !== undefined) {
          busyGroups.add(message.groupId);
        }
      }
    }
    for (const message of candidates()) {
      if (taken.length >= max) break;
      if (message.groupId !== undefined && busyGroups.has(message.groupId)) continue;
      const inFlight = message.visibleAt > kernel.now;
      if (inFlight && (fifo || faults.doubleDelivery.next() === 0)) continue;
      if (redrive && message.receiveCount >= redrive.maxReceiveCount) {
        moveToDeadLetters(message, redrive.to);
        continue;
      }
      message.generation += 1;
      message.receiveCount += 1;
      message.receivedAt = kernel.now;
      message.visibleAt = kernel.now + visibilityMs;
      tell("received", message);
      const handle = `${message.id}#${message.generation}`;
      taken.push({ message, handle, receiveCount: message.receiveCount });
    }
    return taken;
  }

  function candidates(): StoredMessage[] {
    const all = [...messages.values()].filter(({ deleted }) => !deleted);
    if (!fifo && all.length > 1 && faults.reorder.next() > 0) all.reverse();
    return all;
  }

  /** What SQS does by itself once a message is asked for too often: the copy keeps its content. */
  function moveToDeadLetters(message: StoredMessage, to: SqsQueue): void {
    messages.delete(message.id);
    message.deleted = true;
    tell("redriven", message);
    to.send({
      body: message.body,
      attributes: message.attributes,
      ...(message.groupId === undefined ? {} : { groupId: message.groupId }),
      dedupId: `redrive ${message.id}`,
    });
  }

  function expire(): void {
    for (const message of messages.values()) {
      if (kernel.now - message.sentAt <= retentionMs) continue;
      messages.delete(message.id);
      if (!message.deleted) tell("expired", message);
    }
  }

  function find(handle: string): { message: StoredMessage; generation: number } | undefined {
    const [id = "", generation] = handle.split("#");
    const message = messages.get(id);
    return message && { message, generation: Number(generation) };
  }

  function changeVisibility(handle: string, visibilityMs: number): "ok" | SqsError {
    const found = find(handle);
    if (!found || found.message.deleted) return "InvalidParameterValue";
    const { message, generation } = found;
    if (message.visibleAt <= kernel.now) return "MessageNotInflight";
    if (generation !== message.generation && !(!fifo && faults.outdatedHandleWorks.next() > 0)) {
      return "ReceiptHandleIsInvalid";
    }
    if (kernel.now + visibilityMs > message.receivedAt + MAX_IN_FLIGHT_MS) {
      return "InvalidParameterValue";
    }
    message.visibleAt = kernel.now + visibilityMs;
    offer();
    return "ok";
  }

  function remove(handle: string): "ok" | SqsError {
    const found = find(handle);
    if (!found || found.message.deleted) return "ok";
    const { message, generation } = found;
    const outdated = generation !== message.generation;
    if (fifo && (outdated || message.visibleAt <= kernel.now)) return "InvalidParameterValue";
    // "The request succeeds, but the message might not be deleted": API reference, DeleteMessage.
    if (outdated) return "ok";
    tell("deleted", message);
    const returns = fifo ? 0 : faults.forgottenDelete.next();
    if (returns > 0) {
      message.visibleAt = Math.max(message.visibleAt, kernel.now + returns * 60_000);
      return "ok";
    }
    message.deleted = true;
    messages.delete(message.id);
    offer();
    return "ok";
  }

  return queue;
}
