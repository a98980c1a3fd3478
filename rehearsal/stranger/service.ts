import {
  createConsumer,
  definePipeline,
  type Consumer,
  type DedupeStore,
} from "@exactly-once/core";
import { safeSesClient, sesMailer } from "@exactly-once/ses-adapter";
import { sqsQueue, tunedSqsClient } from "@exactly-once/sqs-adapter";
import { z } from "zod";

export interface Settings {
  readonly queueUrl: string;
  readonly sqsEndpoint: string;
  readonly sesEndpoint: string;
  readonly namespace: string;
  readonly store: DedupeStore;
}

const account = {
  region: "eu-west-2",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
};

const formReceivedEvent = z.object({ formId: z.string(), email: z.email(), date: z.iso.date() });

export function formReceived(sesEndpoint: string) {
  const client = safeSesClient({ ...account, endpoint: sesEndpoint });
  return definePipeline({
    name: "form-received",
    schema: formReceivedEvent,
    key: (event) => [event.formId, event.date],
    effects: { email: sesMailer({ client, from: "forms@example.org" }) },
    handler: async ({ email, date }, context) => {
      const text = `We received your form on ${date}.`;
      await context.once("email", { to: email, subject: "Received", text, html: `<p>${text}</p>` });
    },
  });
}

export function sqsClient(endpoint: string) {
  return tunedSqsClient({ ...account, endpoint });
}

export function service({
  queueUrl,
  sqsEndpoint,
  sesEndpoint,
  namespace,
  store,
}: Settings): Consumer {
  const queue = sqsQueue({ client: sqsClient(sqsEndpoint), queueUrl });
  return createConsumer({ namespace, queue, store, pipelines: [formReceived(sesEndpoint)] });
}
