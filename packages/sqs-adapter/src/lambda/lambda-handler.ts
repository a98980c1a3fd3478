import type { SQSClient } from "@aws-sdk/client-sqs";
import type { MessageQueue } from "@exactly-once/core";
import {
  type BatchProcessorOptions,
  type QueueMessage,
  createBatchProcessor,
} from "@exactly-once/core/ports";

import { openQueue } from "../queue/queue.js";
import {
  fromLambdaRecord,
  lambdaBatchResponse,
  type LambdaBatchResponse,
  type LambdaSqsRecord,
} from "./lambda.js";

/** What a handler is made of. */
export interface LambdaHandlerOptions extends Omit<BatchProcessorOptions, "queue"> {
  readonly client: SQSClient;
  /** The queue of the event source mapping. */
  readonly queueUrl: string;
  /** Where dead letters go, if not to the queue that the redrive policy names. */
  readonly deadLetterQueueUrl?: string | undefined;
  /**
   * Milliseconds a call to SQS may take, of the invocation's time. Default 3,000: a queue that doesn't
   * answer must not cost the messages their handling.
   */
  readonly callTimeoutMs?: number | undefined;
}

/** The fields used here of an AWS Lambda context. */
export interface LambdaContext {
  /** Milliseconds until Lambda ends the invocation. */
  getRemainingTimeInMillis(): number;
}

/** A handler for an event source mapping with `ReportBatchItemFailures`. */
export type LambdaHandler = (
  event: { readonly Records: readonly LambdaSqsRecord[] },
  context: LambdaContext,
) => Promise<LambdaBatchResponse>;

const BATCH = 10;
const CALL_TIMEOUT_MS = 3_000;
/**
 * What an operator has to mend is no fault of the messages: coming back at once, they would spend their
 * receives on it, and be moved by the queue, ms.
 */
const REFUSED_MS = 5 * 60_000;
/** Whose options these are, for an error's text. */
const CALLER = "createLambdaHandler";

/**
 * Pipelines as the handler of a Lambda function behind an SQS event source mapping with
 * `ReportBatchItemFailures`.
 *
 * Nothing is left in the background: a frozen sandbox wakes with whatever was pending. The messages
 * are hidden for as long as the invocation lasts at the start, so that neither the queue's default
 * visibility nor a long batch brings a message back while it is handled. Where SQS can't be reached for
 * that, an `extendFailed` event says so, and the messages are handled all the same: the record guards
 * against what the queue's own visibility lets through.
 *
 * The first invocation of a sandbox looks at the queue, the store and the senders, and fails with a
 * `ConfigurationError` where they can't keep the promises (no dead-letter queue, a store that evicts),
 * unless that is allowed by name (`allow`); its messages come back after five minutes, so that
 * they don't spend their receives before it is mended. Without `maxTries` a message is
 * dead-lettered one receive before the queue would move it itself. What can't be asked (`describeFailed`,
 * `storeUnavailable`, `senderUnavailable`) is asked again by the next invocation; a queue that may not be
 * asked needs `maxTries`, below its own limit.
 *
 * @example
 * ```ts
 * export const handler = createLambdaHandler({ client, queueUrl, namespace: "tis", store, pipelines });
 * ```
 * @throws ConfigurationError for an option that is out of its range
 */
export function createLambdaHandler(options: LambdaHandlerOptions): LambdaHandler {
  const { client, queueUrl, deadLetterQueueUrl, ...rest } = options;
  const { callTimeoutMs = CALL_TIMEOUT_MS, ...processing } = rest;
  const queue = openQueue(CALLER, {
    client,
    queueUrl,
    deadLetterQueueUrl,
    callTimeoutMs,
  });
  const processor = createBatchProcessor({ ...processing, queue }, CALLER);
  const handle: LambdaHandler = async (event, context) => {
    const messages = event.Records.map(fromLambdaRecord);
    const remainingMs = context.getRemainingTimeInMillis();
    const hidden = hide(queue, messages, remainingMs, processor.extendFailed);
    try {
      await processor.verifyQueue();
    } finally {
      await hidden;
    }
    // Asked for anew: a queue that didn't answer has taken of the invocation's time.
    const remaining = context.getRemainingTimeInMillis();
    const settled = await processor.process(messages, remaining);
    return lambdaBatchResponse(messages, settled);
  };
  return async (event, context) => {
    try {
      return await handle(event, context);
    } catch (error) {
      const messages = event.Records.map(fromLambdaRecord);
      await hide(queue, messages, REFUSED_MS, processor.extendFailed);
      throw error;
    }
  };
}

/** Hides the messages until the invocation's end, all at once: the wait for SQS is that of one call. */
async function hide(
  queue: MessageQueue,
  messages: readonly QueueMessage[],
  visibilityMs: number,
  onFailed: (error: unknown) => void,
): Promise<void> {
  const batches: (readonly QueueMessage[])[] = [];
  for (let from = 0; from < messages.length; from += BATCH) {
    batches.push(messages.slice(from, from + BATCH));
  }
  await Promise.all(
    batches.map(async (batch) => {
      try {
        await queue.extend(batch.map((message) => ({ message, visibilityMs })));
      } catch (error) {
        onFailed(error);
      }
    }),
  );
}
