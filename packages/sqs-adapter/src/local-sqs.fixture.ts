import { randomUUID } from "node:crypto";

import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
  type SQSClientConfig,
} from "@aws-sdk/client-sqs";
import type { QueueMessage } from "@exactly-once/core/ports";
import { buildApp } from "fauxqs";

import { fromSqs } from "./message.js";

/** What the tests of this package do with an SQS emulator beside running the queue on it. */
export interface LocalSqs {
  readonly client: SQSClient;
  readonly endpoint: string;
  createQueue(name: string, attributes?: Record<string, string>): Promise<string>;
  arnOf(queueUrl: string): Promise<string>;
  /** A queue with a dead-letter queue of its own type. */
  createPair(options: {
    readonly fifo: boolean;
    readonly maxReceiveCount?: number;
    readonly attributes?: Record<string, string>;
  }): Promise<{ readonly queueUrl: string; readonly deadLetterQueueUrl: string }>;
  /** Everything that can be received now, made visible again at once. */
  peek(queueUrl: string): Promise<readonly QueueMessage[]>;
  close(): Promise<void>;
}

export const testAccount = {
  region: "eu-west-2",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
} as const;

export function testClient(endpoint: string, config: SQSClientConfig = {}): SQSClient {
  return new SQSClient({
    endpoint,
    ...testAccount,
    maxAttempts: 1,
    ...config,
  });
}

/** An emulator on a loopback port of its own. */
export async function startLocalSqs(): Promise<LocalSqs> {
  const app = buildApp({ logger: false });
  const sqs = openSqs(await app.listen({ host: "127.0.0.1", port: 0 }));
  return {
    ...sqs,
    async close() {
      await sqs.close();
      await app.close();
    },
  };
}

/** An emulator that somebody else started. */
export function openSqs(endpoint: string): LocalSqs {
  const client = testClient(endpoint);

  async function createQueue(name: string, attributes: Record<string, string> = {}) {
    const Attributes = { ...attributes, ...(name.endsWith(".fifo") ? { FifoQueue: "true" } : {}) };
    const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes }));
    return QueueUrl ?? "";
  }

  async function arnOf(queueUrl: string): Promise<string> {
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["QueueArn"] }),
    );
    return Attributes?.["QueueArn"] ?? "";
  }

  return {
    client,
    endpoint,
    createQueue,
    arnOf,

    async createPair({ fifo, maxReceiveCount = 3, attributes = {} }) {
      const suffix = `${randomUUID()}${fifo ? ".fifo" : ""}`;
      const deadLetterQueueUrl = await createQueue(`dead-${suffix}`);
      const policy = { deadLetterTargetArn: await arnOf(deadLetterQueueUrl), maxReceiveCount };
      const queueUrl = await createQueue(`queue-${suffix}`, {
        RedrivePolicy: JSON.stringify(policy),
        ...attributes,
      });
      return { queueUrl, deadLetterQueueUrl };
    },

    async peek(queueUrl) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: 0,
          MessageSystemAttributeNames: ["All"],
          MessageAttributeNames: ["All"],
        }),
      );
      return Messages.map(fromSqs);
    },

    close() {
      client.destroy();
      return Promise.resolve();
    },
  };
}
