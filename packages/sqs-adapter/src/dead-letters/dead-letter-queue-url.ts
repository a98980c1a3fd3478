import type { SQSClient } from "@aws-sdk/client-sqs";

import { readQueueFacts, resolveQueueUrl } from "../wire/queue-facts.js";

/** Whose dead-letter queue to find. */
export interface FindDeadLetterQueueOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  /** Milliseconds a call may take. Default 10,000. */
  readonly callTimeoutMs?: number | undefined;
}

/**
 * The URL of the queue that a queue's redrive policy names, for the operator's redrive.
 * `undefined` where there is no policy, no such queue, or the policy may not be read.
 *
 * @throws QueueUnavailableError where SQS can't be reached, or there is no queue at `queueUrl`
 */
export async function findDeadLetterQueueUrl(
  options: FindDeadLetterQueueOptions,
): Promise<string | undefined> {
  const { client, queueUrl, callTimeoutMs = 10_000 } = options;
  const address = { client, queueUrl, callTimeoutMs };
  const facts = await readQueueFacts(address);
  if (facts === "denied" || facts.redrive === undefined) return undefined;
  return resolveQueueUrl(address, facts.redrive.arn);
}
