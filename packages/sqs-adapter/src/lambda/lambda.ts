import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import type { QueueMessage } from "@exactly-once/core/ports";

import { toQueueMessage } from "../wire/message.js";

/** The fields used here of a record in a Lambda function's SQS event (`SQSRecord`). */
export interface LambdaSqsRecord {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: object;
  readonly messageAttributes: Readonly<Record<string, LambdaSqsAttribute>>;
}

/** Unlike the API, Lambda writes the fields in lower case and binary values in base64. */
export interface LambdaSqsAttribute {
  readonly dataType: string;
  readonly stringValue?: string | undefined;
  readonly binaryValue?: string | undefined;
}

/** What a function with `ReportBatchItemFailures` returns (`SQSBatchResponse`). */
export interface LambdaBatchResponse {
  readonly batchItemFailures: { readonly itemIdentifier: string }[];
}

/**
 * One record of a Lambda SQS event as a queue message. Its visibility began when Lambda received
 * it, and lasts as long as the queue's own default.
 */
export function fromLambdaRecord(record: LambdaSqsRecord): QueueMessage {
  return toQueueMessage({
    id: record.messageId,
    handle: record.receiptHandle,
    body: record.body,
    system: record.attributes as Readonly<Partial<Record<string, string>>>,
    messageAttributes: Object.fromEntries(
      Object.entries(record.messageAttributes).map(([name, value]) => [name, toApiValue(value)]),
    ),
  });
}

/**
 * The answer to Lambda: every message fails and comes back, except those that are settled (done, or
 * copied to the dead-letter queue). What nobody mentions thus can't be deleted by accident.
 *
 * The function's event source mapping must have `ReportBatchItemFailures`; without it Lambda
 * ignores the answer and deletes the whole batch.
 */
export function lambdaBatchResponse(
  messages: readonly QueueMessage[],
  settledIds: ReadonlySet<string>,
): LambdaBatchResponse {
  const failed = messages.filter(({ id }) => !settledIds.has(id));
  return { batchItemFailures: failed.map(({ id }) => ({ itemIdentifier: id })) };
}

function toApiValue({ dataType, stringValue, binaryValue }: LambdaSqsAttribute) {
  const value: MessageAttributeValue = {
    DataType: dataType,
    ...(stringValue === undefined ? {} : { StringValue: stringValue }),
    ...(binaryValue === undefined ? {} : { BinaryValue: Buffer.from(binaryValue, "base64") }),
  };
  return value;
}
