import { randomUUID } from "node:crypto";

import { ReceiveMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { QueueMessage, ReceiveRequest } from "@exactly-once/core/ports";

import { callUnaborted } from "../wire/call.js";
import { SYSTEM_ATTRIBUTES, fromSqs } from "../wire/message.js";
import { isFifo, queueName, type QueueAddress } from "../wire/queue-facts.js";
import { toSeconds } from "../wire/seconds.js";

/** SQS waits no longer for a message. */
export const MAX_POLL_MS = 20_000;

/**
 * Waits for messages in polls of at most `stopWithinMs`, and looks at the signal between them.
 *
 * **No poll is ever aborted.** SQS doesn't notice that a client went away: it may answer the abandoned
 * poll with a message, which then is invisible until its timeout ends, has spent one of its receives,
 * and holds back its FIFO group (aws-sdk-js#2350, aws-sdk-java-v2#1395). So whatever the last poll brings
 * is returned, and the way to stop sooner is to poll for less long.
 */
export async function receive(
  address: QueueAddress,
  stopWithinMs: number,
  request: ReceiveRequest,
): Promise<readonly QueueMessage[]> {
  let leftSeconds = toSeconds(Math.min(request.waitMs, MAX_POLL_MS));
  while (!request.signal?.aborted) {
    const longest = Math.min(Math.floor(stopWithinMs / 1_000), patienceSeconds(address.client));
    const pollSeconds = Math.min(leftSeconds, longest);
    const messages = await poll(address, pollSeconds, request);
    leftSeconds = pollSeconds === 0 ? 0 : leftSeconds - pollSeconds;
    if (messages.length > 0 || leftSeconds <= 0) return messages;
  }
  return [];
}

/**
 * On a FIFO queue each poll has a `ReceiveRequestAttemptId`, the same in each of the SDK's retries, so
 * that SQS repeats an answer that was lost on its way instead of keeping its messages invisible.
 */
async function poll(
  { client, queueUrl, callTimeoutMs }: QueueAddress,
  pollSeconds: number,
  { max, visibilityMs }: ReceiveRequest,
): Promise<readonly QueueMessage[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: max,
    VisibilityTimeout: toSeconds(visibilityMs),
    WaitTimeSeconds: pollSeconds,
    MessageSystemAttributeNames: [...SYSTEM_ATTRIBUTES],
    MessageAttributeNames: ["All"],
    ...(isFifo(queueUrl) ? { ReceiveRequestAttemptId: randomUUID() } : {}),
  });
  const what = `ReceiveMessage from ${queueName(queueUrl)}`;
  const timeoutMs = pollSeconds * 1_000 + callTimeoutMs;
  const answer = await callUnaborted(client, what, timeoutMs, (o) => client.send(command, o));
  return (answer.Messages ?? []).map(fromSqs);
}

/**
 * Seconds for which the client's socket may stay idle, less one: a longer poll would be cut off
 * by the client itself. Known after its first request.
 */
function patienceSeconds(client: SQSClient): number {
  const handler = client.config.requestHandler as {
    httpHandlerConfigs?(): { socketTimeout?: number; defaultSocketTimeout?: number };
  };
  const { socketTimeout, defaultSocketTimeout } = handler.httpHandlerConfigs?.() ?? {};
  const idleMs = socketTimeout ?? defaultSocketTimeout ?? 0;
  return idleMs > 0 ? Math.max(0, Math.floor(idleMs / 1_000) - 1) : MAX_POLL_MS / 1_000;
}
