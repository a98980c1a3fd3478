import { bareSdk } from "./bare-sdk.js";
import type { Contender } from "./contender.js";
import { messageQueueToolkit } from "./message-queue-toolkit.js";
import { ours, oursOnRedis } from "./ours.js";
import { sqsConsumerWithPowertools } from "./powertools.js";
import { sqsConsumer, sqsConsumerBatch } from "./sqs-consumer.js";

/** By the name that stands in the tables. */
export const contenders = {
  ours,
  "ours on Redis": oursOnRedis,
  "sqs-consumer": sqsConsumer,
  "sqs-consumer, batches": sqsConsumerBatch,
  "sqs-consumer + Powertools": sqsConsumerWithPowertools,
  "message-queue-toolkit": messageQueueToolkit,
  "bare SDK": bareSdk,
} as const satisfies Record<string, Contender>;

export type ContenderName = keyof typeof contenders;
