import { createConsumer, definePipeline } from "@exactly-once/core";
import { safeSesClient, sesMailer } from "@exactly-once/ses-adapter";
import { sqsQueue } from "@exactly-once/sqs-adapter";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { childInput } from "./child.js";
import {
  credentials,
  NAMESPACE,
  PIPELINE,
  recipientOf,
  SIGNATURE_VALIDITY_MS,
  sqsClient,
} from "./notification.js";
import { openStore, type StoreAddress } from "./store-server.js";
import { isWorthTracing, openTrace } from "./trace.js";

export interface ReplicaInput {
  readonly name: string;
  readonly sqsEndpoint: string;
  readonly queueUrl: string;
  readonly sesEndpoint: string;
  readonly storeAddress: StoreAddress;
  readonly visibilityMs: number;
  readonly traceFolder: string;
}

/** The highest receive count that a message was seen with. */
export interface Sighting {
  readonly messageId: string;
  readonly receiveCount: number;
}

const input = childInput<ReplicaInput>();
const trace = openTrace(input.traceFolder, input.name);

const mailer = sesMailer({
  client: safeSesClient({
    endpoint: input.sesEndpoint,
    region: "eu-west-2",
    credentials,
  }),
  from: "forms@example.org",
  attemptTimeoutMs: input.visibilityMs,
  signatureValidityMs: SIGNATURE_VALIDITY_MS,
  maxClockSkewMs: 5_000,
});

const pipeline = definePipeline({
  name: PIPELINE,
  schema: z.object({ id: z.number() }),
  key: ({ id }) => [id],
  effects: { email: mailer },
  retry: { baseMs: 500, maxMs: 3_000 },
  handler: async ({ id }, context) => {
    await sleep(Math.random() * 500, undefined, { signal: context.signal });
    await context.once("email", {
      to: recipientOf(id),
      subject: `Form ${id}`,
      html: `<p>Form ${id}</p>`,
      text: `Form ${id}`,
    });
  },
});

const consumer = createConsumer({
  namespace: NAMESPACE,
  queue: sqsQueue({
    client: sqsClient(input.sqsEndpoint),
    queueUrl: input.queueUrl,
    stopWithinMs: 1_000,
  }),
  store: openStore(input.storeAddress, 100).store,
  pipelines: [pipeline],
  concurrency: 10,
  visibilityMs: input.visibilityMs,
  waitMs: 1_000,
  observe: (event) => {
    if (isWorthTracing(event)) trace(event);
    if (!("receiveCount" in event) || event.receiveCount === undefined) return;
    const { messageId = "", receiveCount } = event;
    process.send?.({ messageId, receiveCount } satisfies Sighting);
  },
});
await consumer.start();
process.send?.({ messageId: "", receiveCount: 0 } satisfies Sighting);
