import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import type { QueueMessage } from "@exactly-once/core/ports";
import { sqsQueue } from "@exactly-once/sqs-adapter";
import { buildApp } from "fauxqs";
import { randomUUID } from "node:crypto";

export interface LocalSqs {
  readonly endpoint: string;
  readonly client: SQSClient;
  createPair(options?: {
    readonly fifo?: boolean;
    readonly maxReceiveCount?: number;
    readonly attributes?: Record<string, string>;
  }): Promise<QueuePair>;
  arnOf(queueUrl: string): Promise<string>;
  /**
   * A topic with a queue subscribed to it.
   *
   * @param options.policy whether the queue's policy lets the topic send; default true
   */
  createEventsRoute(
    topic: string,
    options?: { readonly policy?: boolean },
  ): Promise<{ readonly topicArn: string; readonly queueUrl: string }>;
  /** Puts a message into the queue and dead-letters it as a consumer does. */
  deadLetter(pair: QueuePair, body: string, attemptIds?: readonly string[]): Promise<QueueMessage>;
  /** What can be received now, for a moment. */
  receive(queueUrl: string): Promise<readonly QueueMessage[]>;
  close(): Promise<void>;
}

export interface QueuePair {
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
}

export async function startSqs(): Promise<LocalSqs> {
  const app = buildApp({ logger: false });
  // Nobody else sends here, so a poll that finds nothing needn't wait for a second.
  app.addHook("preHandler", async ({ body }) => {
    if (typeof body === "object" && body !== null && "WaitTimeSeconds" in body) {
      body.WaitTimeSeconds = 0;
    }
  });
  const endpoint = await app.listen({ host: "127.0.0.1", port: 0 });
  const client = new SQSClient({
    ...{ endpoint, region: "eu-west-2", maxAttempts: 1 },
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });

  async function create(name: string, attributes: Record<string, string>) {
    const fifo = name.endsWith(".fifo") ? { FifoQueue: "true" } : {};
    const Attributes = { ...attributes, ...fifo };
    const { QueueUrl = "" } = await client.send(
      new CreateQueueCommand({ QueueName: name, Attributes }),
    );
    return QueueUrl;
  }

  async function arnOf(queueUrl: string) {
    const command = new GetQueueAttributesCommand({
      ...{ QueueUrl: queueUrl, AttributeNames: ["QueueArn"] },
    });
    return (await client.send(command)).Attributes?.["QueueArn"] ?? "";
  }

  const receive = (queueUrl: string, visibilityMs: number) =>
    sqsQueue({ client, queueUrl }).receive({ max: 10, visibilityMs, waitMs: 0 });

  const sns = new SNSClient({
    ...{ endpoint, region: "eu-west-2", maxAttempts: 1 },
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });

  return {
    endpoint,
    client,
    arnOf,
    createEventsRoute: async (topic, { policy = true } = {}) => {
      const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: topic }));
      const dead = await create(`${topic}-dead`, { MessageRetentionPeriod: "1209600" });
      const RedrivePolicy = JSON.stringify({
        deadLetterTargetArn: await arnOf(dead),
        maxReceiveCount: 100,
      });
      const queueUrl = await create(topic, { RedrivePolicy, VisibilityTimeout: "900" });
      const Resource = await arnOf(queueUrl);
      const Statement = {
        ...{ Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Resource },
        ...{ Action: "sqs:SendMessage", Condition: { ArnEquals: { "aws:SourceArn": TopicArn } } },
      };
      if (policy) {
        const Attributes = { Policy: JSON.stringify({ Statement }) };
        await client.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes }));
      }
      await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: Resource }));
      return { topicArn: TopicArn, queueUrl };
    },
    createPair: async ({ fifo = false, maxReceiveCount = 10, attributes = {} } = {}) => {
      const suffix = `${randomUUID()}${fifo ? ".fifo" : ""}`;
      const deadLetterQueueUrl = await create(`dead-${suffix}`, {
        MessageRetentionPeriod: "1209600",
      });
      const policy = { deadLetterTargetArn: await arnOf(deadLetterQueueUrl), maxReceiveCount };
      const queueUrl = await create(`queue-${suffix}`, {
        RedrivePolicy: JSON.stringify(policy),
        ...attributes,
      });
      return { queueUrl, deadLetterQueueUrl };
    },
    deadLetter: async ({ queueUrl }, body, attemptIds = []) => {
      const isFifo = queueUrl.endsWith(".fifo");
      const fifo = isFifo ? { MessageGroupId: "trainee-1", MessageDeduplicationId: body } : {};
      await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body, ...fifo }));
      const [message] = await receive(queueUrl, 30_000);
      if (!message) throw new Error("nothing to receive");
      const queue = sqsQueue({ client, queueUrl });
      await queue.deadLetter(message, { code: "heldTooLong", text: "held for 1 h", attemptIds });
      await queue.acknowledge([message]);
      return message;
    },
    receive: (queueUrl) => receive(queueUrl, 0),
    close: async () => {
      client.destroy();
      sns.destroy();
      await app.close();
    },
  };
}
