import type { SQSClient } from "@aws-sdk/client-sqs";
import type { MessageQueue } from "@exactly-once/core";
import { optionsOf } from "@exactly-once/core/ports";

import type { QueueAddress } from "../wire/queue-facts.js";
import { changeVisibility, deleteMessages } from "./change-messages.js";
import { KnownQueue } from "./known-queue.js";
import { checkCallTimeout, checkUrl } from "../wire/check-options.js";
import { MAX_POLL_MS, receive } from "./receive.js";

/** Which queue, and how to call it. */
export interface SqsQueueOptions {
  /**
   * Yours, with its region and credentials. Its retries may stay on: every call here may repeat.
   * One made by {@link tunedSqsClient} costs less.
   */
  readonly client: SQSClient;
  readonly queueUrl: string;
  /**
   * Where dead letters go, if not to the queue that the redrive policy names. Needed where the
   * role may not read the queue's attributes.
   */
  readonly deadLetterQueueUrl?: string | undefined;
  /**
   * Milliseconds a call may take, its long poll not counted. Default 10,000. Receives and deletes of a
   * client made by {@link tunedSqsClient} end by its timeouts instead.
   */
  readonly callTimeoutMs?: number | undefined;
  /**
   * Milliseconds after which a `receive` whose signal aborts has stopped waiting: the longest poll, since
   * a poll under way is never aborted. 1,000 to 20,000; SQS counts in seconds. Default 5,000. At 20,000
   * an idle consumer costs a quarter of the requests (131,000 instead of 526,000 a month, 16 US cents at
   * list price) and takes up to 20 seconds to stop.
   */
  readonly stopWithinMs?: number | undefined;
}

/**
 * An SQS queue as the consumer's {@link MessageQueue}. Every fault of a whole call is a
 * `QueueUnavailableError`.
 *
 * A receive is never aborted: SQS may answer an abandoned poll with a message, which then is invisible
 * until its timeout ends. A long poll is split into polls of at most `stopWithinMs` instead, and whatever
 * the last one brings is returned. Only a connection that stays silent for `callTimeoutMs` beyond its poll
 * is given up (with a tuned client: for the client's timeouts).
 *
 * @example
 * ```ts
 * const queue = sqsQueue({ client: tunedSqsClient({ region: "eu-west-2" }), queueUrl });
 * ```
 * @throws ConfigurationError for an option that is out of its range
 */
export function sqsQueue(options: SqsQueueOptions): MessageQueue {
  return openQueue("sqsQueue", options);
}

/** @param caller whose options these are, for an error's text */
export function openQueue(caller: string, options: SqsQueueOptions): MessageQueue {
  const { address, deadLetterQueueUrl, stopWithinMs } = resolveQueueOptions(caller, options);
  const known = new KnownQueue(address, deadLetterQueueUrl);
  return {
    describe: () => known.describe(),
    receive: (request) => receive(address, stopWithinMs, request),
    extend: (items) => changeVisibility(address, items),
    acknowledge: (items) => deleteMessages(address, items),
    retryLater: (items) => changeVisibility(address, items),
    deadLetter: (message, reason) => known.deadLetter(message, reason),
  };
}

interface ResolvedQueueOptions {
  readonly address: QueueAddress;
  readonly deadLetterQueueUrl: string | undefined;
  readonly stopWithinMs: number;
}

function resolveQueueOptions(caller: string, options: SqsQueueOptions): ResolvedQueueOptions {
  const check = optionsOf(caller);
  const { deadLetterQueueUrl } = options;
  return {
    address: {
      client: check.methods("client", options.client, ["send"], "an SQSClient"),
      queueUrl: checkUrl(check, "queueUrl", options.queueUrl),
      callTimeoutMs: checkCallTimeout(check, options.callTimeoutMs ?? 10_000),
    },
    deadLetterQueueUrl:
      deadLetterQueueUrl && checkUrl(check, "deadLetterQueueUrl", deadLetterQueueUrl),
    stopWithinMs: check.ms("stopWithinMs", options.stopWithinMs ?? 5_000, {
      from: 1_000,
      to: MAX_POLL_MS,
    }),
  };
}
