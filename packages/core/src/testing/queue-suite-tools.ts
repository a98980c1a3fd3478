import assert from "node:assert/strict";

import type { MessageQueue, QueueMessage } from "../ports/message-queue.js";

/** One fresh queue, empty and seen by nobody else. */
export interface QueueFixture {
  readonly queue: MessageQueue;
  /** Puts a message into the queue, as a producer does. */
  send(
    body: string,
    options?: {
      /** Always given where the queue is FIFO. */
      readonly groupId?: string;
      readonly dedupId?: string;
      readonly attributes?: Readonly<Record<string, string>>;
    },
  ): Promise<unknown>;
  /** Lets time pass for the queue: advances its clock, or waits where it has none to advance. */
  elapse(ms: number): Promise<void>;
  /** What stands in the dead-letter queue, visible or not, oldest first. */
  deadLetters(): Promise<readonly Pick<QueueMessage, "body" | "attributes" | "groupId">[]>;
  /** Called at the end of each test. */
  close?(): Promise<void>;
}

/** What the queue is declared to be able to do. */
export interface QueueCapabilities {
  readonly fifo: boolean;
  /** Of the fixture's redrive policy, at least 2. */
  readonly maxReceiveCount: number;
  /**
   * Whether the handle of an earlier delivery still acts on the message after it was received again. SQS's
   * doesn't; an emulator's may. Default false.
   */
  readonly oldHandlesAct?: boolean;
}

/** What the parts of the suite are written with. */
export interface QueueSuiteParts {
  /** One test on a fresh queue. */
  behaviour(name: string, body: (tools: QueueTools) => Promise<void>): void;
  readonly capabilities: Required<QueueCapabilities>;
}

interface ReceiveOptions {
  readonly max?: number;
  readonly visibilityMs?: number;
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

export interface QueueTools extends QueueFixture {
  receive(options?: ReceiveOptions): Promise<readonly QueueMessage[]>;
  one(options?: ReceiveOptions): Promise<QueueMessage>;
}

/** A FIFO message gets a group and a deduplication id of its own unless the test gives them. */
export function toTools(fixture: QueueFixture, fifo: boolean): QueueTools {
  const { queue } = fixture;
  let sent = 0;
  const receive: QueueTools["receive"] = ({
    max = 10,
    visibilityMs = 30_000,
    waitMs = 0,
    signal,
  } = {}) =>
    queue.receive({ max, visibilityMs, waitMs, ...(signal === undefined ? {} : { signal }) });
  return {
    queue,
    elapse: (ms) => fixture.elapse(ms),
    deadLetters: () => fixture.deadLetters(),
    send(body, options) {
      sent += 1;
      const fifoIds = fifo ? { groupId: `group-${sent}`, dedupId: `dedup-${sent}` } : {};
      const { groupId, ...rest } = options ?? {};
      const group = fifo && groupId !== undefined ? { groupId } : {};
      return fixture.send(body, { ...fifoIds, ...rest, ...group });
    },
    receive,
    async one(options) {
      const [message] = await receive({ ...options, max: 1 });
      assert.ok(message !== undefined, "a message should have been delivered");
      return message;
    },
  };
}
