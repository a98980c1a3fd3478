import type { SQSClient } from "@aws-sdk/client-sqs";
import { type BatchProcessorOptions, createBatchProcessor } from "@exactly-once/core/ports";

import {
  fromLambdaRecord,
  lambdaBatchResponse,
  type LambdaBatchResponse,
  type LambdaSqsRecord,
} from "./lambda.js";
import { sqsQueue } from "../queue/queue.js";

export interface LambdaHandlerOptions extends Omit<BatchProcessorOptions, "queue"> {
  readonly client: SQSClient;
  /** The queue of the event source mapping. */
  readonly queueUrl: string;
}

/** The fields used here of an AWS Lambda context. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

export type LambdaHandler = (
  event: { readonly Records: readonly LambdaSqsRecord[] },
  context: LambdaContext,
) => Promise<LambdaBatchResponse>;

const BATCH = 10;

/**
 * Pipelines as the handler of a Lambda function behind an SQS event source mapping with
 * `ReportBatchItemFailures`.
 *
 * Nothing is left in the background: a frozen sandbox wakes with whatever was pending. The messages
 * are hidden for as long as the invocation lasts at the start, so that neither the queue's default
 * visibility nor a long batch brings a message back while it is handled.
 */
export function createLambdaHandler(options: LambdaHandlerOptions): LambdaHandler {
  const { client, queueUrl, ...rest } = options;
  const queue = sqsQueue({ client, queueUrl });
  const processor = createBatchProcessor({ ...rest, queue });
  return async (event, context) => {
    const messages = event.Records.map(fromLambdaRecord);
    for (let from = 0; from < messages.length; from += BATCH) {
      const batch = messages.slice(from, from + BATCH);
      const visibilityMs = context.getRemainingTimeInMillis();
      await queue
        .extend(batch.map((message) => ({ message, visibilityMs })))
        // The queue's own visibility still counts; the record guards against what it lets through.
        .catch(() => undefined);
    }
    // Asked for anew: a queue that didn't answer has taken of the invocation's time.
    const settled = await processor.process(messages, context.getRemainingTimeInMillis());
    return lambdaBatchResponse(messages, settled);
  };
}
