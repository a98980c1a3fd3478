import type { Message } from "@aws-sdk/client-sqs";
import { Consumer } from "sqs-consumer";
import type { Contender, Work, WorkEvent } from "./contender.js";

const SHARED = { batchSize: 10, waitTimeSeconds: 20, suppressFifoWarning: true } as const;

/** `handleMessage` with the largest batch: one delete request per message. */
export const sqsConsumer: Contender = (work) =>
  startAll(work, (message) => work.handle(eventOf(message)));

/** `handleMessageBatch` with the batch's messages side by side: one delete request per batch. */
export const sqsConsumerBatch: Contender = (work) => {
  for (let poller = 0; poller < work.pollers; poller += 1) {
    const consumer = Consumer.create({
      ...SHARED,
      sqs: work.client,
      queueUrl: work.queueUrl,
      handleMessageBatch: async (messages) => {
        await Promise.all(messages.map((message) => work.handle(eventOf(message))));
        return messages;
      },
    });
    consumer.on("error", () => undefined);
    consumer.start();
  }
  return Promise.resolve();
};

/** One consumer per poller: each has one receive under way. */
export function startAll(work: Work, handle: (message: Message) => Promise<void>): Promise<void> {
  for (let poller = 0; poller < work.pollers; poller += 1) {
    const consumer = Consumer.create({
      ...SHARED,
      sqs: work.client,
      queueUrl: work.queueUrl,
      handleMessage: async (message) => {
        await handle(message);
        return message;
      },
    });
    consumer.on("error", () => undefined);
    consumer.on("processing_error", () => undefined);
    consumer.start();
  }
  return Promise.resolve();
}

function eventOf(message: Message): WorkEvent {
  return JSON.parse(message.Body ?? "") as WorkEvent;
}
