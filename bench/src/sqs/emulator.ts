import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { randomUUID } from "node:crypto";
import { startProcess } from "../processes.js";
import type { EmulatorFaults, RequestCounts } from "./emulator-process.js";

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

/** An SQS emulator in a process of its own. */
export interface Emulator {
  readonly endpoint: string;
  /** A new queue with a dead-letter queue of its own. */
  createQueue(options?: QueueOptions): Promise<QueuePair>;
  send(queueUrl: string, messages: readonly Message[]): Promise<void>;
  /** A new SNS topic whose messages arrive in a queue; resolves with its ARN. */
  createTopic(queueUrl: string): Promise<string>;
  /** Bodies of all messages in the queue, those that are invisible just now included. */
  bodies(queueUrl: string): Promise<readonly string[]>;
  setFaults(faults: EmulatorFaults): Promise<void>;
  /** Requests since the last time this was asked. */
  takeCounts(): Promise<RequestCounts>;
  stop(): Promise<void>;
}

/** What the emulator tells about a queue without touching it. */
interface QueueContent {
  readonly messages: {
    readonly ready: readonly { readonly body: string }[];
    readonly delayed: readonly { readonly body: string }[];
    readonly inflight: readonly { readonly message: { readonly body: string } }[];
  };
}

export const credentials = { accessKeyId: "local", secretAccessKey: "local" };
export const region = "eu-west-2";

export async function startEmulator(): Promise<Emulator> {
  const child = await startProcess("sqs/emulator-process", null);
  const endpoint = await child.call<string>("endpoint");
  const client = new SQSClient({ endpoint, region, credentials });

  async function create(name: string, attributes: Record<string, string>): Promise<string> {
    const fifo = name.endsWith(".fifo") ? { FifoQueue: "true" } : {};
    const command = new CreateQueueCommand({
      QueueName: name,
      Attributes: { ...attributes, ...fifo },
    });
    return (await client.send(command)).QueueUrl ?? "";
  }

  async function attributesOf(queueUrl: string): Promise<Record<string, string>> {
    const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["All"] });
    return (await client.send(command)).Attributes ?? {};
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
      const { QueueArn } = await attributesOf(deadLetterUrl);
      const queueUrl = await create(`queue-${suffix}`, {
        VisibilityTimeout: String(visibilitySeconds),
        RedrivePolicy: JSON.stringify({ deadLetterTargetArn: QueueArn, maxReceiveCount }),
      });
      return { queueUrl, deadLetterUrl };
    },
    send: async (queueUrl, messages) => {
      for (let from = 0; from < messages.length; from += 10) {
        await sendTen(queueUrl, messages.slice(from, from + 10));
      }
    },
    createTopic: async (queueUrl) => {
      const sns = new SNSClient({ endpoint, region, credentials });
      const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: randomUUID() }));
      const { QueueArn } = await attributesOf(queueUrl);
      await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: QueueArn }));
      sns.destroy();
      return TopicArn;
    },
    bodies: async (queueUrl) => {
      const name = queueUrl.split("/").pop() ?? "";
      const answer = await fetch(`${endpoint}/_fauxqs/queues/${name}`);
      const { messages } = (await answer.json()) as QueueContent;
      const { ready, delayed, inflight } = messages;
      return [...ready, ...delayed, ...inflight.map(({ message }) => message)].map(
        ({ body }) => body,
      );
    },
    setFaults: (faults) => child.call("setFaults", faults),
    takeCounts: () => child.call("takeCounts"),
    stop: async () => {
      client.destroy();
      await child.kill();
    },
  };
}
