import { MessageHandlerConfigBuilder } from "@message-queue-toolkit/core";
import { RedisMessageDeduplicationStore } from "@message-queue-toolkit/redis-message-deduplication-store";
import { AbstractSqsConsumer, SqsConsumerErrorResolver } from "@message-queue-toolkit/sqs";
import { Redis } from "ioredis";
import { silentLogger } from "../../contenders/silent-logger.js";
import { formUpdated, type FormUpdated } from "../events.js";
import { notifyDoctor } from "./send-email.js";
import type { Service, ServiceContender } from "./service.js";

class FormConsumer extends AbstractSqsConsumer<FormUpdated, Service> {
  constructor(service: Service, redis: Redis) {
    super(
      {
        sqsClient: service.sqs,
        logger: silentLogger,
        errorReporter: { report: () => undefined },
        consumerErrorResolver: new SqsConsumerErrorResolver(),
        transactionObservabilityManager: {
          start: () => undefined,
          startWithGroup: () => undefined,
          stop: () => undefined,
          addCustomAttributes: () => undefined,
        },
      },
      {
        ...(service.fifo ? { fifoQueue: true as const } : {}),
        messageTypeResolver: { messageTypePath: "type" },
        handlers: new MessageHandlerConfigBuilder<FormUpdated, Service>()
          .addConfig(formUpdated, async (event, context) => {
            await notifyDoctor(context, event);
            return { result: "success" };
          })
          .build(),
        locatorConfig: { queueUrl: service.queueUrl },
        deadLetterQueue: {
          locatorConfig: { queueUrl: service.deadLetterUrl },
          redrivePolicy: { maxReceiveCount: service.maxReceives },
        },
        concurrentConsumersAmount: 2,
        consumerOverrides: { batchSize: 10, heartbeatInterval: service.visibilitySeconds / 2 },
        enableConsumerDeduplication: true,
        messageDeduplicationConfig: {
          deduplicationStore: new RedisMessageDeduplicationStore({ redis }),
        },
      },
      service,
    );
  }
}

/** With its heartbeat, and its own deduplication on Redis, as its documentation shows. */
export const messageQueueToolkit: ServiceContender = (service) => {
  const redis = new Redis(service.redisUrl);
  redis.on("error", () => undefined);
  return new FormConsumer(service, redis).start();
};
