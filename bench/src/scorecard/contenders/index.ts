import { notificationKey } from "@exactly-once/core";
import { messageQueueToolkit } from "./message-queue-toolkit.js";
import { NAMESPACE, ours, oursWithoutEvents, PIPELINE } from "./ours.js";
import { sqsConsumerWithPowertools } from "./powertools.js";
import type { ServiceContender } from "./service.js";
import { sqsConsumer, sqsConsumerWithHeartbeat } from "./sqs-consumer.js";

/** By the name that stands in the table. */
export const contenders = {
  ours,
  "ours, no SES events": oursWithoutEvents,
  "sqs-consumer": sqsConsumer,
  "sqs-consumer, heartbeat": sqsConsumerWithHeartbeat,
  "sqs-consumer + Powertools": sqsConsumerWithPowertools,
  "message-queue-toolkit": messageQueueToolkit,
} as const satisfies Record<string, ServiceContender>;

export type ContenderName = keyof typeof contenders;

/** The packages beside the AWS SDK that a contender consists of. */
export const packagesOf: Readonly<Record<ContenderName, readonly string[]>> = {
  ours: [],
  "ours, no SES events": [],
  "sqs-consumer": ["sqs-consumer"],
  "sqs-consumer, heartbeat": ["sqs-consumer"],
  "sqs-consumer + Powertools": ["sqs-consumer", "@aws-lambda-powertools/idempotency"],
  "message-queue-toolkit": ["@message-queue-toolkit/sqs"],
};

/** Under what our store keeps an event. */
export function keyOf(id: number): string {
  return notificationKey(NAMESPACE, PIPELINE, [id]).digest;
}
