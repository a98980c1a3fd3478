import { createConsumer, definePipeline } from "@exactly-once/core";
import { redisStore } from "@exactly-once/redis-store";
import { sesMailer } from "@exactly-once/ses-adapter";
import { sqsQueue } from "@exactly-once/sqs-adapter";
import { Redis } from "ioredis";
import { formUpdated } from "../events.js";
import { emailText, FROM, type ServiceContender } from "./service.js";

export const NAMESPACE = "scorecard";
export const PIPELINE = "form-updated";

export const ours: ServiceContender = async (service) => {
  const mailer = sesMailer({ client: service.safeSes(), from: FROM });
  const redis = new Redis(service.redisUrl, { maxRetriesPerRequest: 1 });
  redis.on("error", () => undefined);

  const consumer = createConsumer({
    namespace: NAMESPACE,
    queue: sqsQueue({ client: service.sqs, queueUrl: service.queueUrl }),
    store: redisStore({ client: redis }),
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
};
