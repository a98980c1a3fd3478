import type { Message, MessageAttributeValue } from "@aws-sdk/client-sqs";
import type { QueueMessage } from "@exactly-once/core/ports";

/** What a copy of a message needs beyond the port's `QueueMessage`. */
export interface SqsNative {
  readonly messageAttributes: Readonly<Record<string, MessageAttributeValue>>;
  /** The `AWSTraceHeader` system attribute of AWS X-Ray. */
  readonly traceHeader?: string;
}

/** System attributes to ask for on receive. */
export const SYSTEM_ATTRIBUTES = [
  "ApproximateReceiveCount",
  "SentTimestamp",
  "MessageGroupId",
  "AWSTraceHeader",
] as const;

/** The parts of a delivery, however it was delivered. */
export interface Delivery {
  readonly id: string;
  readonly handle: string;
  readonly body: string;
  readonly system: Readonly<Partial<Record<string, string>>>;
  readonly messageAttributes: Readonly<Record<string, MessageAttributeValue>>;
}

export function toQueueMessage(delivery: Delivery): QueueMessage {
  const { id, handle, body, system, messageAttributes } = delivery;
  const groupId = system["MessageGroupId"];
  const traceHeader = system["AWSTraceHeader"];
  const native: SqsNative =
    traceHeader === undefined ? { messageAttributes } : { messageAttributes, traceHeader };
  const attributes = stringAttributes(messageAttributes);
  const sentAt = Number(system["SentTimestamp"] ?? 0) || 0;
  const receiveCount = Number(system["ApproximateReceiveCount"] ?? 1) || 1;
  return groupId === undefined
    ? { id, handle, body, attributes, sentAt, receiveCount, native }
    : { id, handle, body, attributes, groupId, sentAt, receiveCount, native };
}

/** A message as `ReceiveMessage` returns it. */
export function fromSqs(message: Message): QueueMessage {
  return toQueueMessage({
    id: message.MessageId ?? "",
    handle: message.ReceiptHandle ?? "",
    body: message.Body ?? "",
    system: message.Attributes ?? {},
    messageAttributes: readable(message.MessageAttributes),
  });
}

const NO_ATTRIBUTES: Readonly<Record<string, never>> = {};

/** The SDK makes an attribute named `__proto__` an own property without a value. */
function readable(
  attributes: Readonly<Record<string, MessageAttributeValue | undefined>> | undefined,
): Readonly<Record<string, MessageAttributeValue>> {
  if (attributes === undefined) return NO_ATTRIBUTES;
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    ),
  );
}

/** What is to be copied of a message that this package, or a test, made. */
export function nativeOf(message: QueueMessage): SqsNative {
  const native = message.native as SqsNative | undefined;
  if (native?.messageAttributes !== undefined) return native;
  const attributes = Object.entries(message.attributes).map(
    ([name, value]) => [name, { DataType: "String", StringValue: value }] as const,
  );
  return { messageAttributes: Object.fromEntries(attributes) };
}

function stringAttributes(
  attributes: Readonly<Record<string, MessageAttributeValue>>,
): Readonly<Record<string, string>> {
  if (attributes === NO_ATTRIBUTES) return NO_ATTRIBUTES;
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, { StringValue }]) =>
      StringValue === undefined ? [] : [[name, StringValue] as const],
    ),
  );
}
