import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { redisStore, type RedisStore } from "@exactly-once/redis-store";
import { startRedisServer, type RedisServer } from "@exactly-once/redis-store/testing";
import { createLocalSes, type LocalSes } from "@exactly-once/ses-adapter/testing";
import type { ChildProcess } from "node:child_process";
import { endChild, startChild } from "./child.js";
import { sqsClient } from "./notification.js";
import type { ReplicaInput, Sighting } from "./replica-process.js";

/** One Redis with an append-only file always synced, an SQS process, an SES, and replicas. */
export interface Stack {
  readonly redis: RedisServer;
  readonly ses: LocalSes;
  readonly store: RedisStore;
  /** Highest receive count seen, by message. */
  readonly receives: ReadonlyMap<string, number>;
  publish(events: number): Promise<void>;
  startReplica(): Promise<ChildProcess>;
  deadLetters(): Promise<number>;
  stop(): Promise<void>;
}

export interface StackOptions {
  readonly visibilityMs: number;
  /** Milliseconds SES takes for each email, before it accepts. */
  readonly sesDelayMs: number;
}

export async function startStack({ visibilityMs, sesDelayMs }: StackOptions): Promise<Stack> {
  const redis = await startRedisServer({ settings: { appendonly: "yes", appendfsync: "always" } });
  const ses = await createLocalSes({
    faults: [{ fault: { kind: "delay", ms: sesDelayMs }, when: { on: "every" } }],
  });
  let sqsEndpoint = "";
  const sqs = await startChild<string>("./sqs-process.ts", null, (endpoint) => {
    sqsEndpoint = endpoint;
  });
  const client = sqsClient(sqsEndpoint);
  const deadLetterUrl = await createQueue(client, "dead", {});
  const policy = { deadLetterTargetArn: await attribute(client, deadLetterUrl, "QueueArn") };
  const queueUrl = await createQueue(client, "forms", {
    RedrivePolicy: JSON.stringify({ ...policy, maxReceiveCount: 50 }),
  });
  const sesEndpoint = ses.endpoint;
  const input: ReplicaInput = {
    sqsEndpoint,
    queueUrl,
    sesEndpoint,
    redisUrl: redis.url,
    visibilityMs,
  };
  const receives = new Map<string, number>();
  const children: ChildProcess[] = [];

  return {
    redis,
    ses,
    store: redisStore({ client: redis.connect({ retryStrategy: () => 200 }), pageSize: 1_000 }),
    receives,
    publish: async (events) => {
      for (let from = 0; from < events; from += 10) {
        const ids = Array.from({ length: Math.min(10, events - from) }, (_, i) => from + i);
        const Entries = ids.map((id) => ({ Id: String(id), MessageBody: JSON.stringify({ id }) }));
        await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
      }
    },
    startReplica: async () => {
      const child = await startChild<Sighting>("./replica-process.ts", input, (sighting) => {
        const { messageId, receiveCount } = sighting;
        receives.set(messageId, Math.max(receives.get(messageId) ?? 0, receiveCount));
      });
      children.push(child);
      return child;
    },
    deadLetters: async () =>
      Number(await attribute(client, deadLetterUrl, "ApproximateNumberOfMessages")),
    stop: async () => {
      await Promise.all([...children, sqs].map(endChild));
      client.destroy();
      await ses.close();
      await redis.stop();
    },
  };
}

async function createQueue(
  client: SQSClient,
  QueueName: string,
  Attributes: Record<string, string>,
): Promise<string> {
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName, Attributes }));
  return QueueUrl ?? "";
}

async function attribute(
  client: SQSClient,
  QueueUrl: string,
  name: "QueueArn" | "ApproximateNumberOfMessages",
): Promise<string> {
  const AttributeNames = [name];
  const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames });
  const { Attributes } = await client.send(command);
  return Attributes?.[name] ?? "";
}
