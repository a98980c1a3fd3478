import { createConsumer, type DedupeStore, definePipeline } from "@exactly-once/core";
import { redisStore } from "@exactly-once/redis-store";
import { createSesEventReconciler, sesMailer } from "@exactly-once/ses-adapter";
import { sqsQueue } from "@exactly-once/sqs-adapter";
import { Redis } from "ioredis";
import { formUpdated } from "../events.js";
import {
  CONFIGURATION_SET,
  emailText,
  FROM,
  type Service,
  type ServiceContender,
} from "./service.js";

export const NAMESPACE = "scorecard";
export const PIPELINE = "form-updated";

/** With SES's events, which settle what is unknown, as the adapter's documentation shows. */
export const ours: ServiceContender = async (service) => {
  const store = connectStore(service);
  const events = createSesEventReconciler({
    namespace: NAMESPACE,
    queue: sqsQueue({ client: service.sqs, queueUrl: service.sesEventsUrl }),
    store,
    visibilityMs: service.visibilitySeconds * 1_000,
  });
  await events.start();
  await consume(service, store, { configurationSetName: CONFIGURATION_SET });
};

/** What is unknown then waits for a human. */
export const oursWithoutEvents: ServiceContender = (service) =>
  consume(service, connectStore(service), {});

function connectStore(service: Service): DedupeStore {
  const redis = new Redis(service.redisUrl, { maxRetriesPerRequest: 1 });
  redis.on("error", () => undefined);
  return redisStore({ client: redis });
}

async function consume(
  service: Service,
  store: DedupeStore,
  events: { readonly configurationSetName?: string },
): Promise<void> {
  const mailer = sesMailer({ client: service.safeSes(), from: FROM, ...events });
  const consumer = createConsumer({
    namespace: NAMESPACE,
    queue: sqsQueue({ client: service.sqs, queueUrl: service.queueUrl }),
    store,
    visibilityMs: service.visibilitySeconds * 1_000,
    concurrency: 20,
    pipelines: [
      definePipeline({
        name: PIPELINE,
        schema: formUpdated,
        key: ({ id }) => [id],
        effects: { email: mailer },
        handler: async (event, context) => {
          const doctor = await service.lookUpDoctor(event, context.signal);
          const { subject, text } = emailText(event);
          await context.once("email", { to: doctor.email, subject, text, html: `<p>${text}</p>` });
        },
      }),
    ],
  });
  await consumer.start();
}
