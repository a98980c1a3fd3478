import type { MessageAttributeValue, SendMessageCommandInput } from "@aws-sdk/client-sqs";
import type { QueueMessage } from "@exactly-once/core/ports";

import { nativeOf } from "./message.js";
import { isFifo } from "./queue-facts.js";

export interface CopyTarget {
  readonly queueUrl: string;
  /**
   * FIFO only, and always explicit: with content-based deduplication SQS would swallow a copy of
   * what was sent within the last five minutes, and we would delete the only one left.
   */
  readonly dedupId: string;
  /** FIFO only. */
  readonly groupId: string;
  /** Names of the message's attributes to copy. Default all. */
  readonly keep?: ReadonlySet<string>;
  /** Attributes to add or to replace. */
  readonly extra?: Readonly<Record<string, MessageAttributeValue>>;
}

/** A `SendMessage` that copies a message whole: body, attributes, trace header. */
export function copyOf(message: QueueMessage, target: CopyTarget): SendMessageCommandInput {
  const { messageAttributes, traceHeader } = nativeOf(message);
  const { keep } = target;
  const attributes: Record<string, MessageAttributeValue> = {
    ...Object.fromEntries(
      Object.entries(messageAttributes)
        .filter(([name]) => keep === undefined || keep.has(name))
        .map(([name, value]) => [name, sendable(value)]),
    ),
    ...target.extra,
  };
  return {
    QueueUrl: target.queueUrl,
    MessageBody: message.body,
    MessageAttributes: attributes,
    ...(traceHeader === undefined
      ? {}
      : {
          MessageSystemAttributes: {
            AWSTraceHeader: { DataType: "String", StringValue: traceHeader },
          },
        }),
    ...(isFifo(target.queueUrl)
      ? { MessageGroupId: target.groupId, MessageDeduplicationId: target.dedupId }
      : {}),
  };
}

/** What SQS counts: the body, and each attribute's name, type and value. */
export function bytesOf(copy: SendMessageCommandInput): number {
  let bytes = Buffer.byteLength(copy.MessageBody ?? "");
  for (const [name, value] of Object.entries(copy.MessageAttributes ?? {})) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value.DataType ?? "");
    bytes += Buffer.byteLength(value.StringValue ?? "") + (value.BinaryValue?.byteLength ?? 0);
  }
  return bytes;
}

/** Only the fields that may be sent: receives can bring empty lists, which SQS refuses. */
function sendable({ DataType, StringValue, BinaryValue }: MessageAttributeValue) {
  return {
    DataType,
    ...(StringValue === undefined ? {} : { StringValue }),
    ...(BinaryValue === undefined ? {} : { BinaryValue }),
  };
}
