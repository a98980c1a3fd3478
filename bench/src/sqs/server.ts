import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { randomUUID } from "node:crypto";

export interface QueuePair {
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
}

export interface QueueOptions {
  readonly fifo?: boolean;
  /** The queue's own visibility. Default 30, SQS's own. */
  readonly visibilitySeconds?: number;
  /** Default 5. */
  readonly maxReceiveCount?: number;
}

export interface Message {
  readonly body: string;
  /** FIFO queues only. */
  readonly group?: string;
}

/** Whatever speaks SQS's protocol, in a process of its own. */
export interface SqsServer {
  readonly endpoint: string;
  /** A new queue with a dead-letter queue of its own. */
  createQueue(options?: QueueOptions): Promise<QueuePair>;
  send(queueUrl: string, messages: readonly Message[]): Promise<void>;
  arnOf(queueUrl: string): Promise<string>;
  stop(): Promise<void>;
}

export const credentials = { accessKeyId: "local", secretAccessKey: "local" };
export const region = "eu-west-2";

/** @param end ends the process that listens at the endpoint */
export function sqsServer(endpoint: string, end: () => Promise<void>): SqsServer {
  const client = new SQSClient({ endpoint, region, credentials });

  async function create(name: string, attributes: Record<string, string>): Promise<string> {
    const fifo = name.endsWith(".fifo") ? { FifoQueue: "true" } : {};
    const command = new CreateQueueCommand({
      QueueName: name,
      Attributes: { ...attributes, ...fifo },
    });
    return (await client.send(command)).QueueUrl ?? "";
  }

  async function arnOf(queueUrl: string): Promise<string> {
    const command = new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: ["QueueArn"],
    });
    return (await client.send(command)).Attributes?.["QueueArn"] ?? "";
  }

  async function sendTen(queueUrl: string, batch: readonly Message[]): Promise<void> {
    const Entries = batch.map(({ body, group }, index) => ({
      Id: String(index),
      MessageBody: body,
      ...(group === undefined
        ? {}
        : { MessageGroupId: group, MessageDeduplicationId: randomUUID() }),
    }));
    const answer = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    if (answer.Successful?.length !== batch.length) throw new Error("Messages were not taken.");
  }

  return {
    endpoint,
    createQueue: async ({ fifo = false, visibilitySeconds = 30, maxReceiveCount = 5 } = {}) => {
      const suffix = `${randomUUID()}${fifo ? ".fifo" : ""}`;
      const deadLetterUrl = await create(`dead-${suffix}`, {});
      const queueUrl = await create(`queue-${suffix}`, {
        VisibilityTimeout: String(visibilitySeconds),
        RedrivePolicy: JSON.stringify({
          deadLetterTargetArn: await arnOf(deadLetterUrl),
          maxReceiveCount,
        }),
      });
      return { queueUrl, deadLetterUrl };
    },
    send: async (queueUrl, messages) => {
      for (let from = 0; from < messages.length; from += 10) {
        await sendTen(queueUrl, messages.slice(from, from + 10));
      }
    },
    arnOf,
    stop: async () => {
      client.destroy();
      await end();
    },
  };
}
