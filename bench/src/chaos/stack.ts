import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { DedupeStore } from "@exactly-once/core";
import { createLocalSes, type LocalSes } from "@exactly-once/ses-adapter/testing";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endChild, startChild } from "./child.js";
import { SIGNATURE_VALIDITY_MS, sqsClient } from "./notification.js";
import type { ReplicaInput, Sighting } from "./replica-process.js";
import { openStore, startStoreServer, type StoreKind, type StoreServer } from "./store-server.js";
import { openTrace } from "./trace.js";

export type Whereabouts = "visible" | "delayed" | "in flight" | "dead-letter queue" | "gone";

/** One store that keeps what it answers, an SQS process, an SES, and replicas. */
export interface Stack {
  readonly server: StoreServer;
  readonly ses: LocalSes;
  readonly store: DedupeStore;
  /** Highest receive count seen, by message. */
  readonly receives: ReadonlyMap<string, number>;
  /** Where all processes write what happens to them. */
  readonly traceFolder: string;
  publish(events: number): Promise<void>;
  startReplica(): Promise<Replica>;
  /** Notes in the trace what was done to a process. */
  note(process: string, type: string): void;
  deadLetters(): Promise<number>;
  /** Where each event's message is; those that left the queues are absent. */
  whereabouts(): Promise<ReadonlyMap<number, Whereabouts>>;
  stop(): Promise<void>;
}

export interface Replica {
  readonly name: string;
  readonly process: ChildProcess;
}

export interface StackOptions {
  readonly storeKind: StoreKind;
  readonly visibilityMs: number;
  /** Milliseconds SES takes for each email, before it accepts. */
  readonly sesDelayMs: number;
}

export async function startStack(options: StackOptions): Promise<Stack> {
  const { storeKind, visibilityMs, sesDelayMs } = options;
  const server = await startStoreServer(storeKind);
  const own = openStore(server.address, 1_000);
  const traceFolder = await mkdtemp(join(tmpdir(), "exactly-once-chaos-"));
  const ses = await createLocalSes({
    signatureValidityMs: SIGNATURE_VALIDITY_MS,
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
  const input: Omit<ReplicaInput, "name"> = {
    sqsEndpoint,
    queueUrl,
    sesEndpoint,
    storeAddress: server.address,
    visibilityMs,
    traceFolder,
  };
  const note = openTrace(traceFolder, "chaos");
  const receives = new Map<string, number>();
  const children: ChildProcess[] = [];
  let replicas = 0;

  return {
    server,
    ses,
    store: own.store,
    receives,
    traceFolder,
    note: (process, type) => note({ at: Date.now(), type: `${process} ${type}` }),
    publish: async (events) => {
      for (let from = 0; from < events; from += 10) {
        const ids = Array.from({ length: Math.min(10, events - from) }, (_, i) => from + i);
        const Entries = ids.map((id) => ({ Id: String(id), MessageBody: JSON.stringify({ id }) }));
        await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
      }
    },
    startReplica: async () => {
      replicas += 1;
      const name = `replica-${replicas}`;
      const given: ReplicaInput = { ...input, name };
      const process = await startChild<Sighting>("./replica-process.ts", given, (sighting) => {
        const { messageId, receiveCount } = sighting;
        receives.set(messageId, Math.max(receives.get(messageId) ?? 0, receiveCount));
      });
      children.push(process);
      return { name, process };
    },
    deadLetters: async () =>
      Number(await attribute(client, deadLetterUrl, "ApproximateNumberOfMessages")),
    whereabouts: async () => {
      const [main, dead] = await Promise.all([inspect("forms"), inspect("dead")]);
      const places = new Map<number, Whereabouts>();
      for (const { body } of main.delayed) places.set(idIn(body), "delayed");
      for (const { body } of main.ready) places.set(idIn(body), "visible");
      for (const { message } of main.inflight) places.set(idIn(message.body), "in flight");
      for (const { body } of dead.ready) places.set(idIn(body), "dead-letter queue");
      return places;
    },
    stop: async () => {
      await Promise.all([...children, sqs].map(endChild));
      client.destroy();
      await ses.close();
      await own.close();
      await server.stop();
      await rm(traceFolder, { recursive: true, force: true });
    },
  };

  async function inspect(queue: string): Promise<QueueContent> {
    const response = await fetch(`${sqsEndpoint}/_fauxqs/queues/${queue}`);
    return ((await response.json()) as { readonly messages: QueueContent }).messages;
  }
}

interface QueuedMessage {
  readonly body: string;
}

/** As fauxqs tells it. */
interface QueueContent {
  readonly ready: readonly QueuedMessage[];
  readonly delayed: readonly QueuedMessage[];
  readonly inflight: readonly { readonly message: QueuedMessage }[];
}

function idIn(body: string): number {
  return (JSON.parse(body) as { readonly id: number }).id;
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
