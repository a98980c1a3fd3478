import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
} from "@aws-sdk/client-sqs";
import {
  MAX_VISIBILITY_MS,
  type QueueMessage,
  type QueueReply,
  type VisibilityChange,
} from "@exactly-once/core/ports";

import { batchReplies } from "../wire/batch.js";
import { callSqs, callUnaborted } from "../wire/call.js";
import { queueName, type QueueAddress } from "../wire/queue-facts.js";
import { toSeconds } from "../wire/seconds.js";
import { VISIBILITY_LIMIT } from "../wire/sqs-error.js";

/** Extends or returns; an item that asks for more than SQS grants is answered without asking SQS. */
export async function changeVisibility(
  address: QueueAddress,
  items: readonly VisibilityChange[],
): Promise<readonly QueueReply[]> {
  const { client, queueUrl, callTimeoutMs } = address;
  // How SQS says that 12 hours are the most differs where one asks for more.
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
    const what = `ChangeMessageVisibilityBatch on ${queueName(queueUrl)}`;
    return callSqs(what, callTimeoutMs, (o) => client.send(command, o));
  });
  const byItem = new Map(grantable.map((item, index) => [item, replies[index]]));
  return items.map((item) => byItem.get(item) ?? VISIBILITY_LIMIT);
}

export function deleteMessages(
  address: QueueAddress,
  items: readonly QueueMessage[],
): Promise<readonly QueueReply[]> {
  const { client, queueUrl, callTimeoutMs } = address;
  return batchReplies(items, (entries) => {
    const command = new DeleteMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: entries.map(({ Id, item }) => ({ Id, ReceiptHandle: item.handle })),
    });
    const what = `DeleteMessageBatch on ${queueName(queueUrl)}`;
    return callUnaborted(client, what, callTimeoutMs, (o) => client.send(command, o));
  });
}
