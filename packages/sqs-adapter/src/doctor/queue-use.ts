export const DAY_MS = 24 * 3_600_000;

export const QUEUE_READERS = ["exactly-once", "lambda", "other"] as const;

/**
 * Who reads a queue: this library's consumer; its Lambda handler, behind an event source mapping; or
 * anything else, which neither extends what it handles nor knows what was sent.
 */
export type QueueReader = (typeof QUEUE_READERS)[number];

/** How a queue is used: what its settings are held against. */
export interface QueueUse {
  readonly queueUrl: string;
  readonly consumer: QueueReader;
  /** The longest a handler of this queue may take: the largest `maxProcessingMs` of its pipelines. */
  readonly maxProcessingMs: number;
  /** How long the store keeps `done` records. */
  readonly doneRetentionMs: number;
  /** How long a message with an unknown effect is held before we dead-letter it. */
  readonly holdForMs?: number | undefined;
  /** The consumer's `maxTries`, where it is set: it dead-letters a message itself then. */
  readonly maxTries?: number | undefined;
  /** A walk through a directory that a handler does before it can send. */
  readonly walk?: UserWalk | undefined;
}

/** A walk through a Cognito user pool, 60 users a page. */
export interface UserWalk {
  readonly userPoolId: string;
  readonly users: number;
  readonly ms: number;
}
