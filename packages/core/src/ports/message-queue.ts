/**
 * No delivery of SQS stays invisible for longer than 12 hours, counted from its receive, however
 * often it is extended (SQS developer guide, "Visibility timeout").
 */
export const MAX_VISIBILITY_MS = 12 * 3_600_000;

/** A message as a queue delivered it. The same message may be delivered again. */
export interface QueueMessage {
  readonly id: string;
  /** The token of this one delivery. A later delivery has another; only the newest counts. */
  readonly handle: string;
  readonly body: string;
  /** Custom attributes with a string value. */
  readonly attributes: Readonly<Record<string, string>>;
  /** On FIFO queues the group whose order is kept. */
  readonly groupId?: string;
  /** When the producer sent it, ms since the epoch; 0 where unknown. */
  readonly sentAt: number;
  /** How often it was received, this time included; 1 where unknown. */
  readonly receiveCount: number;
  /** What the adapter needs to copy it whole (binary attributes, trace header). */
  readonly native?: unknown;
}

/** A queue as it is deployed. */
export interface QueueDescription {
  readonly name: string;
  readonly fifo: boolean;
  /** The queue's own default visibility, ms; `undefined` where it could not be read. */
  readonly visibilityMs?: number;
  readonly retentionMs?: number;
  /**
   * Where copies of dead letters go; `undefined` where the queue has no redrive policy, or where
   * that could not be read (see `unreadable`). `maxReceiveCount` is `Infinity` where it isn't known.
   */
  readonly deadLetter?: { readonly name: string; readonly maxReceiveCount: number };
  /**
   * Why the queue's settings could not be read, and what to grant. What is absent above is then
   * unknown, not missing: a queue that may not be looked at can well have a redrive policy.
   */
  readonly unreadable?: string;
}

/** How many messages to ask for, and how. */
export interface ReceiveRequest {
  /** 1 to 10. */
  readonly max: number;
  /** Always sent with the request, so that the queue's own default cannot hurt. */
  readonly visibilityMs: number;
  /** Long-poll time, ms; 0 to 20,000. */
  readonly waitMs: number;
  /** Stops waiting. Messages that arrive all the same must still be returned. */
  readonly signal?: AbortSignal;
}

/** For how long a message is to stay hidden from now on. */
export interface VisibilityChange {
  readonly message: QueueMessage;
  /** Milliseconds from the moment the queue executes it; 0 returns the message at once. */
  readonly visibilityMs: number;
}

/** `lost`: this delivery is over (expired, deleted, or received again elsewhere). */
export type QueueReply = "ok" | "lost" | { readonly failed: string };

/** Why a message goes to the dead-letter queue. Stands beside the copy. */
export interface DeadLetterReason {
  /** A stable code: `undecodable`, `invalid`, `conflict`, `permanent`, `tooOld`, `heldTooLong`, … */
  readonly code: string;
  /** In words, without personal data, at most 1,000 characters. */
  readonly text: string;
  readonly attemptIds: readonly string[];
}

/** What became of a copy to the dead-letter queue. */
export type DeadLetterReply =
  | "copied"
  /**
   * No copy can be made until somebody mends the deployment: it isn't permitted, there is no such
   * queue, there is no redrive policy, or the dead-letter queue takes only smaller messages. The
   * text says what to mend. Asked again after that, the same letter is copied.
   */
  | { readonly denied: string }
  /** It may pass by itself: throttling, a fault of the service. */
  | { readonly failed: string };

/**
 * A queue that hands a message out under a visibility timeout. Batches in, one reply per item out
 * in the same order; a promise rejects only when the whole call failed.
 */
export interface MessageQueue {
  /** Reads the queue's settings. */
  describe(): Promise<QueueDescription>;
  /** Takes up to `max` messages, and waits up to `waitMs` for the first. */
  receive(request: ReceiveRequest): Promise<readonly QueueMessage[]>;
  /** At most 10 items. */
  extend(items: readonly VisibilityChange[]): Promise<readonly QueueReply[]>;
  /** Deletes; at most 10 items. */
  acknowledge(items: readonly QueueMessage[]): Promise<readonly QueueReply[]>;
  /** Makes the message visible again after the delay; at most 10 items. */
  retryLater(items: readonly VisibilityChange[]): Promise<readonly QueueReply[]>;
  /**
   * Copies to the dead-letter queue; the caller acknowledges the original afterwards. The reason
   * stands beside the copy; where it has no room there, the message is copied without it, since the
   * store's record has it too.
   */
  deadLetter(message: QueueMessage, reason: DeadLetterReason): Promise<DeadLetterReply>;
}
