import type { SQSClient } from "@aws-sdk/client-sqs";

export interface WorkEvent {
  readonly id: number;
  /** What `@message-queue-toolkit` routes by and dedupes by; the others ignore both. */
  readonly type: "work";
  readonly deduplicationId: string;
}

export interface Work {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly fifo: boolean;
  /** Receives under way at a time. Those that tie handlers to a receive run ten per poller. */
  readonly pollers: number;
  /** Handlers at a time, for those where it isn't ten per poller. */
  readonly concurrency: number;
  /** Where a contender with dedupe keeps it. */
  readonly redisUrl?: string;
  handle(event: WorkEvent): Promise<void>;
}

/** Starts consuming; resolves once it has started. */
export type Contender = (work: Work) => Promise<void>;

export function workEvent(id: number): WorkEvent {
  return { id, type: "work", deduplicationId: String(id) };
}
