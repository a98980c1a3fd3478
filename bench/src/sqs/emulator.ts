import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { randomUUID } from "node:crypto";
import { startProcess } from "../processes.js";
import type { EmulatorFaults, RequestCounts } from "./emulator-process.js";
import { credentials, region, sqsServer, type SqsServer } from "./server.js";

/** fauxqs, with ways to disturb it and to see what came in. */
export interface Emulator extends SqsServer {
  /** A new SNS topic whose messages arrive in a queue; resolves with its ARN. */
  createTopic(queueUrl: string): Promise<string>;
  /** Bodies of all messages in the queue, those that are invisible just now included. */
  bodies(queueUrl: string): Promise<readonly string[]>;
  setFaults(faults: EmulatorFaults): Promise<void>;
  /** Requests since the last time this was asked. */
  takeCounts(): Promise<RequestCounts>;
}

/** What the emulator tells about a queue without touching it. */
interface QueueContent {
  readonly messages: {
    readonly ready: readonly { readonly body: string }[];
    readonly delayed: readonly { readonly body: string }[];
    readonly inflight: readonly { readonly message: { readonly body: string } }[];
  };
}

export async function startEmulator(): Promise<Emulator> {
  const child = await startProcess("sqs/emulator-process", null);
  const endpoint = await child.call<string>("endpoint");
  const server = sqsServer(endpoint, () => child.kill());
  return {
    ...server,
    createTopic: async (queueUrl) => {
      const sns = new SNSClient({ endpoint, region, credentials });
      const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: randomUUID() }));
      const Endpoint = await server.arnOf(queueUrl);
      await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint }));
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
  };
}
