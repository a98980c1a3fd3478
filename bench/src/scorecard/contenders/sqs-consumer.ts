import type { Message } from "@aws-sdk/client-sqs";
import { Consumer } from "sqs-consumer";
import type { FormUpdated } from "../events.js";
import { notifyDoctor } from "./send-email.js";
import type { Service, ServiceContender } from "./service.js";

type Handle = (event: FormUpdated) => Promise<void>;

const CONSUMERS = 2;

/** As its README begins, with the batch size that it recommends for parallel work. */
export const sqsConsumer: ServiceContender = (service) => {
  startConsumers(service, (event) => notifyDoctor(service, event), {});
  return Promise.resolve();
};

/** With its heartbeat, twice within the visibility. */
export const sqsConsumerWithHeartbeat: ServiceContender = (service) => {
  startConsumers(service, (event) => notifyDoctor(service, event), heartbeat(service));
  return Promise.resolve();
};

export interface Heartbeat {
  readonly visibilityTimeout?: number;
  readonly heartbeatInterval?: number;
}

export function heartbeat({ visibilitySeconds }: Service): Heartbeat {
  return { visibilityTimeout: visibilitySeconds, heartbeatInterval: visibilitySeconds / 2 };
}

/** On FIFO queues by `handleMessageBatch`, "in order to maintain FIFO ordering" (README). */
export function startConsumers(service: Service, handle: Handle, options: Heartbeat): void {
  for (let index = 0; index < CONSUMERS; index += 1) {
    const consumer = Consumer.create({
      sqs: service.sqs,
      queueUrl: service.queueUrl,
      batchSize: 10,
      ...options,
      ...(service.fifo
        ? {
            suppressFifoWarning: true,
            handleMessageBatch: (messages: Message[]) => handleInOrder(messages, handle),
          }
        : {
            handleMessage: async (message: Message) => {
              await handle(eventOf(message));
              return message;
            },
          }),
    });
    for (const event of ["error", "processing_error", "timeout_error"] as const) {
      consumer.on(event, () => undefined);
    }
    consumer.start();
  }
}

/** Stops at the first failure; what was handled until then is deleted. */
async function handleInOrder(messages: Message[], handle: Handle): Promise<Message[]> {
  const handled: Message[] = [];
  for (const message of messages) {
    try {
      await handle(eventOf(message));
    } catch {
      break;
    }
    handled.push(message);
  }
  return handled;
}

function eventOf(message: Message): FormUpdated {
  return JSON.parse(message.Body ?? "") as FormUpdated;
}
