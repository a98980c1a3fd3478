import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { QueueUnavailableError } from "@exactly-once/core";

import { callSqs } from "../wire/call.js";
import { findDeadLetterQueueUrl } from "../dead-letters/dead-letter-queue-url.js";

/** Which queue to count. */
export interface QueueBacklogOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  /** Default: the one its redrive policy names. */
  readonly deadLetterQueueUrl?: string | undefined;
  /** Milliseconds a call may take. Default 10,000. */
  readonly callTimeoutMs?: number | undefined;
}

/** What stands in a queue and its dead-letter queue. SQS counts approximately. */
export interface QueueBacklog {
  /** Visible, in flight and delayed messages. */
  readonly pending: number;
  /** The same of the dead-letter queue; 0 where there is none. */
  readonly deadLettered: number;
}

const COUNTS = [
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
] as const;

/**
 * Counts what hasn't been processed yet: for a reconciler that may conclude from silence only where
 * nothing is pending.
 *
 * @throws QueueUnavailableError where a count can't be read. Not knowing is no silence.
 */
export async function queueBacklog(options: QueueBacklogOptions): Promise<QueueBacklog> {
  const deadLetterQueueUrl = options.deadLetterQueueUrl ?? (await findDeadLetterQueueUrl(options));
  const [pending, deadLettered] = await Promise.all([
    countOf(options, options.queueUrl),
    deadLetterQueueUrl === undefined ? 0 : countOf(options, deadLetterQueueUrl),
  ]);
  return { pending, deadLettered };
}

async function countOf(
  { client, callTimeoutMs = 10_000 }: QueueBacklogOptions,
  queueUrl: string,
): Promise<number> {
  const command = new GetQueueAttributesCommand({
    QueueUrl: queueUrl,
    AttributeNames: [...COUNTS],
  });
  const { Attributes = {} } = await callSqs("GetQueueAttributes", callTimeoutMs, (call) =>
    client.send(command, call),
  );
  const counts = COUNTS.map((name) => Number(Attributes[name]));
  if (counts.some(Number.isNaN)) {
    throw new QueueUnavailableError("SQS left out a count of messages: allow GetQueueAttributes.");
  }
  return counts.reduce((sum, count) => sum + count, 0);
}
