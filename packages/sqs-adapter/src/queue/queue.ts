import { randomUUID } from "node:crypto";

import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { ConfigurationError, type MessageQueue } from "@exactly-once/core";
import {
  type DeadLetterReason,
  type DeadLetterReply,
  MAX_VISIBILITY_MS,
  type QueueDescription,
  type QueueMessage,
  type QueueReply,
  type ReceiveRequest,
  type VisibilityChange,
} from "@exactly-once/core/ports";

import { batchReplies } from "../wire/batch.js";
import { callSqs, callToItsEnd } from "../wire/call.js";
import { sendDeadLetter } from "../dead-letters/dead-letter.js";
import { SYSTEM_ATTRIBUTES, fromSqs } from "../wire/message.js";
import { VISIBILITY_LIMIT } from "../wire/sqs-error.js";
import {
  isFifo,
  queueName,
  readQueueFacts,
  resolveQueueUrl,
  type QueueFacts,
} from "../wire/queue-facts.js";
import { isTuned } from "../client/tuned-client.js";

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
  readonly deadLetterQueueUrl?: string;
  /**
   * Milliseconds a call may take, its long poll not counted. Default 10,000. Receives and deletes of a
   * client made by {@link tunedSqsClient} end by its timeouts instead.
   */
  readonly callTimeoutMs?: number;
  /**
   * Milliseconds after which a `receive` whose signal aborts has stopped waiting. Default 5,000, and
   * 20,000 once the queue has been empty for 20 seconds, so that an idle consumer costs one request
   * in that time. Shorter stops faster; SQS counts in seconds, from 1 to 20.
   */
  readonly stopWithinMs?: number;
}

const MAX_POLL_SECONDS = 20;
/** While messages come now and then, stopping soon is worth more than a request. */
const BRISK_POLL_SECONDS = 5;

/**
 * An SQS queue as the consumer's {@link MessageQueue}. Every fault of a whole call is a
 * `QueueUnavailableError`.
 *
 * **A receive is never aborted.** SQS doesn't notice that a client went away: it may answer the
 * abandoned long poll with a message, which then is invisible until its timeout ends, has spent one
 * of its receives, and holds back its FIFO group. So `signal` doesn't touch the request under way.
 * A long poll is split instead into polls of at most `stopWithinMs`, the signal is looked at between
 * them, and whatever the last one brought is returned. Only a connection that stays silent for
 * `callTimeoutMs` beyond its poll is given up (with a tuned client: for the client's timeouts).
 *
 * A receive on a FIFO queue carries a `ReceiveRequestAttemptId`, the same in each of the SDK's
 * retries, so that SQS repeats an answer that was lost on its way instead of keeping its messages
 * invisible.
 */
export function sqsQueue(options: SqsQueueOptions): MessageQueue {
  const { client, queueUrl, callTimeoutMs = 10_000 } = options;
  const name = queueName(queueUrl);
  const address = { client, queueUrl, callTimeoutMs };
  const readFacts = remember(() => readQueueFacts(address));
  const deadLetterUrl = remember(findDeadLetterUrl);
  const { stopWithinMs: stopWithin = 1_000 * MAX_POLL_SECONDS } = options;
  if (!(stopWithin >= 1_000 && stopWithin <= MAX_POLL_SECONDS * 1_000)) {
    throw new ConfigurationError(`sqsQueue: stopWithinMs must be 1000 to 20000, not ${stopWithin}`);
  }

  /** Seconds polled in a row without a message. */
  let emptySeconds = 0;

  function longestPoll(): number {
    if (options.stopWithinMs !== undefined) return Math.floor(stopWithin / 1_000);
    return emptySeconds < MAX_POLL_SECONDS ? BRISK_POLL_SECONDS : MAX_POLL_SECONDS;
  }

  async function receive(request: ReceiveRequest): Promise<readonly QueueMessage[]> {
    let left = Math.min(toSeconds(request.waitMs), MAX_POLL_SECONDS);
    while (!request.signal?.aborted) {
      const poll = Math.min(left, longestPoll(), patience(client));
      const messages = await receiveOnce(request, poll);
      left -= poll === 0 ? left : poll;
      emptySeconds = messages.length > 0 ? 0 : emptySeconds + poll;
      if (messages.length > 0 || left <= 0) return messages;
    }
    return [];
  }

  async function receiveOnce(request: ReceiveRequest, pollSeconds: number) {
    const command = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: request.max,
      VisibilityTimeout: toSeconds(request.visibilityMs),
      WaitTimeSeconds: pollSeconds,
      MessageSystemAttributeNames: [...SYSTEM_ATTRIBUTES],
      MessageAttributeNames: ["All"],
      ...(isFifo(queueUrl) ? { ReceiveRequestAttemptId: randomUUID() } : {}),
    });
    const what = `ReceiveMessage from ${name}`;
    const answer = await (isTuned(client)
      ? callToItsEnd(what, () => client.send(command))
      : callSqs(what, pollSeconds * 1_000 + callTimeoutMs, (o) => client.send(command, o)));
    return (answer.Messages ?? []).map(fromSqs);
  }

  async function changeVisibility(
    items: readonly VisibilityChange[],
  ): Promise<readonly QueueReply[]> {
    // SQS can't grant more than 12 hours, and how it says so differs where one asks for more.
    const grantable = items.filter(({ visibilityMs }) => visibilityMs <= MAX_VISIBILITY_MS);
    const replies = await batchReplies(grantable, (entries) => {
      const command = new ChangeMessageVisibilityBatchCommand({
        QueueUrl: queueUrl,
        Entries: entries.map(({ Id, item }) => ({
          Id,
          ReceiptHandle: item.message.handle,
          VisibilityTimeout: toSeconds(item.visibilityMs),
        })),
      });
      return callSqs(`ChangeMessageVisibilityBatch on ${name}`, callTimeoutMs, (o) =>
        client.send(command, o),
      );
    });
    const byItem = new Map(grantable.map((item, index) => [item, replies[index]]));
    return items.map((item) => byItem.get(item) ?? VISIBILITY_LIMIT);
  }

  function acknowledge(items: readonly QueueMessage[]): Promise<readonly QueueReply[]> {
    return batchReplies(items, (entries) => {
      const command = new DeleteMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: entries.map(({ Id, item }) => ({ Id, ReceiptHandle: item.handle })),
      });
      const what = `DeleteMessageBatch on ${name}`;
      return isTuned(client)
        ? callToItsEnd(what, () => client.send(command))
        : callSqs(what, callTimeoutMs, (o) => client.send(command, o));
    });
  }

  async function findDeadLetterUrl(): Promise<string | { readonly denied: string }> {
    if (options.deadLetterQueueUrl !== undefined) return options.deadLetterQueueUrl;
    const facts = await readFacts.get();
    if (facts === "denied") return { denied: unreadable(queueUrl) };
    if (facts.redrive === undefined) {
      return { denied: `${name} has no redrive policy: set one with a dead-letter queue` };
    }
    const { arn } = facts.redrive;
    const url = await resolveQueueUrl(address, arn);
    return url ?? { denied: `${arn} doesn't exist: create it, or correct the redrive policy` };
  }

  async function deadLetter(
    message: QueueMessage,
    reason: DeadLetterReason,
  ): Promise<DeadLetterReply> {
    let target = await deadLetterUrl.get();
    if (typeof target === "object") {
      // A missing policy, queue or permission may have been put right since it was asked for.
      deadLetterUrl.forget();
      readFacts.forget();
      target = await deadLetterUrl.get();
    }
    if (typeof target === "object") return target;
    const facts = await readFacts.get();
    const reply = await sendDeadLetter(message, reason, {
      client,
      queueUrl: target,
      sourceArn: facts === "denied" ? undefined : facts.arn,
      callTimeoutMs,
    });
    if (reply !== "copied") deadLetterUrl.forget();
    return reply;
  }

  return {
    describe: async () => describe(await readFacts.get(), options),
    receive,
    extend: changeVisibility,
    acknowledge,
    retryLater: changeVisibility,
    deadLetter,
  };
}

function describe(facts: QueueFacts | "denied", options: SqsQueueOptions): QueueDescription {
  const { queueUrl, deadLetterQueueUrl } = options;
  const known = facts === "denied" ? undefined : facts;
  const deadLetterName = deadLetterQueueUrl ?? known?.redrive?.arn;
  return {
    name: queueName(queueUrl),
    fifo: isFifo(queueUrl),
    ...(known === undefined ? { unreadable: unreadable(queueUrl) } : {}),
    ...(known?.visibilityMs === undefined ? {} : { visibilityMs: known.visibilityMs }),
    ...(known?.retentionMs === undefined ? {} : { retentionMs: known.retentionMs }),
    ...(deadLetterName === undefined
      ? {}
      : {
          deadLetter: {
            name: queueName(deadLetterName),
            maxReceiveCount: known?.redrive?.maxReceiveCount ?? Infinity,
          },
        }),
  };
}

function unreadable(queueUrl: string): string {
  return `${queueName(queueUrl)} may not be looked at: grant sqs:GetQueueAttributes on it, or pass deadLetterQueueUrl`;
}

/** SQS counts visibility and polls in seconds. Never less than asked for, and 0 only if asked for. */
function toSeconds(ms: number): number {
  return ms <= 0 ? 0 : Math.max(1, Math.ceil(ms / 1_000));
}

/**
 * Seconds for which the client's socket may stay idle, less one: a longer poll would be cut off
 * by the client itself. Known after its first request.
 */
function patience(client: SQSClient): number {
  const handler = client.config.requestHandler as {
    httpHandlerConfigs?(): { socketTimeout?: number; defaultSocketTimeout?: number };
  };
  const { socketTimeout, defaultSocketTimeout } = handler.httpHandlerConfigs?.() ?? {};
  const idleMs = socketTimeout ?? defaultSocketTimeout ?? 0;
  return idleMs > 0 ? Math.max(0, Math.floor(idleMs / 1_000) - 1) : MAX_POLL_SECONDS;
}

/** Asks once for all callers; an answer is kept until it is forgotten, a failure isn't kept. */
function remember<Value>(ask: () => Promise<Value>) {
  let asked: Promise<Value> | undefined;
  return {
    get(): Promise<Value> {
      asked ??= ask().catch((error: unknown) => {
        asked = undefined;
        throw error;
      });
      return asked;
    },
    forget(): void {
      asked = undefined;
    },
  };
}
