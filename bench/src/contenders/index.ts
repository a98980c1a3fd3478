import { tunedSqsClient } from "@exactly-once/sqs-adapter";
import type { MakeClient } from "../sqs/observed-client.js";
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
  "sqs-consumer, batches, tuned client": sqsConsumerBatch,
  "sqs-consumer + Powertools": sqsConsumerWithPowertools,
  "sqs-consumer + Powertools, tuned client": sqsConsumerWithPowertools,
  "message-queue-toolkit": messageQueueToolkit,
  "bare SDK": bareSdk,
  "bare SDK, tuned client": bareSdk,
} as const satisfies Record<string, Contender>;

/** Made as the contender's documentation says; everybody else takes the SDK's defaults. */
export const clients: Readonly<Partial<Record<ContenderName, MakeClient>>> = {
  ours: tunedSqsClient,
  "ours on Redis": tunedSqsClient,
  "sqs-consumer, batches, tuned client": tunedSqsClient,
  "sqs-consumer + Powertools, tuned client": tunedSqsClient,
  "bare SDK, tuned client": tunedSqsClient,
};

export type ContenderName = keyof typeof contenders;
