import type { SQSClient } from "@aws-sdk/client-sqs";
import {
  ConfigurationError,
  type ConsumerEvent,
  type MessageQueue,
  type Observer,
} from "@exactly-once/core";
import {
  type BatchProcessorOptions,
  type QueueMessage,
  createBatchProcessor,
  systemClock,
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
  /** A queue without a redrive policy is refused, unless this is set. Default false. */
  readonly allowNoDeadLetterQueue?: boolean | undefined;
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
 * The first invocation of a sandbox looks at the queue, and fails with a `ConfigurationError` where it has
 * no dead-letter queue; its messages come back.
 *
 * @example
 * ```ts
 * export const handler = createLambdaHandler({ client, queueUrl, namespace: "tis", store, pipelines });
 * ```
 * @throws ConfigurationError for an option that is out of its range
 */
export function createLambdaHandler(options: LambdaHandlerOptions): LambdaHandler {
  const { client, queueUrl, deadLetterQueueUrl, allowNoDeadLetterQueue = false, ...rest } = options;
  const { callTimeoutMs = CALL_TIMEOUT_MS, ...processing } = rest;
  const queue = openQueue(CALLER, {
    client,
    queueUrl,
    deadLetterQueueUrl,
    callTimeoutMs,
  });
  const processor = createBatchProcessor({ ...processing, queue }, CALLER);
  const tell = createTell(options);
  let isVerified = allowNoDeadLetterQueue;
  return async (event, context) => {
    const messages = event.Records.map(fromLambdaRecord);
    const remainingMs = context.getRemainingTimeInMillis();
    const [verified] = await Promise.all([
      isVerified || verifyDeadLetterQueue(queue),
      hide(queue, messages, remainingMs, tell),
    ]);
    isVerified = verified;
    // Asked for anew: a queue that didn't answer has taken of the invocation's time.
    const settled = await processor.process(messages, context.getRemainingTimeInMillis());
    return lambdaBatchResponse(messages, settled);
  };
}

type Tell = (event: { readonly type: "extendFailed"; readonly error: unknown }) => void;

function createTell({ observe, clock = systemClock() }: LambdaHandlerOptions): Tell {
  return (event) => {
    observeSafely(observe, { at: clock.now(), ...event });
  };
}

/** An observer's fault is not the message's. */
function observeSafely(observe: Observer | undefined, event: ConsumerEvent): void {
  try {
    observe?.(event);
  } catch {
    // Nobody is left to tell.
  }
}

/**
 * Whether the queue has been seen to have a dead-letter queue. One that can't be asked is asked again
 * by the next invocation.
 *
 * @throws ConfigurationError where it has none, or may not be asked
 */
async function verifyDeadLetterQueue(queue: MessageQueue): Promise<boolean> {
  const description = await queue.describe().catch(() => undefined);
  if (description === undefined) return false;
  const { deadLetter, name, unreadable } = description;
  if (deadLetter !== undefined) return true;
  throw new ConfigurationError(
    `${CALLER}: ${unreadable ?? `queue ${name} has no redrive policy: what can't be handled would come back for ever. Give it a dead-letter queue`}, or pass allowNoDeadLetterQueue: true.`,
  );
}

/** Hides the messages until the invocation's end, all at once: the wait for SQS is that of one call. */
async function hide(
  queue: MessageQueue,
  messages: readonly QueueMessage[],
  visibilityMs: number,
  tell: Tell,
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
        tell({ type: "extendFailed", error });
      }
    }),
  );
}
