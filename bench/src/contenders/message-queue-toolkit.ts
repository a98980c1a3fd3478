import { MessageHandlerConfigBuilder } from "@message-queue-toolkit/core";
import { RedisMessageDeduplicationStore } from "@message-queue-toolkit/redis-message-deduplication-store";
import { AbstractSqsConsumer, SqsConsumerErrorResolver } from "@message-queue-toolkit/sqs";
import { Redis } from "ioredis";
import { z } from "zod";
import { silentLogger } from "./silent-logger.js";
import type { Contender, Work, WorkEvent } from "./contender.js";

const schema = z.object({
  id: z.number(),
  type: z.literal("work"),
  deduplicationId: z.string(),
});

class WorkConsumer extends AbstractSqsConsumer<WorkEvent, Work> {
  constructor(work: Work) {
    super(
      {
        sqsClient: work.client,
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
        messageTypeResolver: { messageTypePath: "type" },
        handlers: new MessageHandlerConfigBuilder<WorkEvent, Work>()
          .addConfig(schema, async (event, context) => {
            await context.handle(event);
            return { result: "success" };
          })
          .build(),
        locatorConfig: { queueUrl: work.queueUrl },
        concurrentConsumersAmount: work.pollers,
        consumerOverrides: { batchSize: 10 },
        enableConsumerDeduplication: true,
        messageDeduplicationConfig: {
          deduplicationStore: new RedisMessageDeduplicationStore({
            redis: new Redis(work.redisUrl ?? ""),
          }),
        },
      },
      work,
    );
  }
}

/** Its own deduplication on Redis, as its documentation shows. */
export const messageQueueToolkit: Contender = (work) => new WorkConsumer(work).start();
