import { IdempotencyConfig, makeIdempotent } from "@aws-lambda-powertools/idempotency";
import { CachePersistenceLayer } from "@aws-lambda-powertools/idempotency/cache";
import { createClient } from "@redis/client";
import type { Context } from "aws-lambda";
import type { FormUpdated } from "../events.js";
import { notifyDoctor } from "./send-email.js";
import type { ServiceContender } from "./service.js";
import { heartbeat, startConsumers } from "./sqs-consumer.js";

/**
 * sqs-consumer with its heartbeat, and AWS Powertools' idempotency on Redis around the handler, by
 * the key that its documentation would pick. A record in progress ends with the invocation's time;
 * outside Lambda that is the visibility.
 */
export const sqsConsumerWithPowertools: ServiceContender = async (service) => {
  const client = createClient({ url: service.redisUrl });
  client.on("error", () => undefined);
  await client.connect();
  const config = new IdempotencyConfig({
    eventKeyJmesPath: "deduplicationId",
    throwOnNoIdempotencyKey: true,
  });
  config.registerLambdaContext({
    getRemainingTimeInMillis: () => service.visibilitySeconds * 1_000,
  } as Context);
  const notifyOnce = makeIdempotent((event: FormUpdated) => notifyDoctor(service, event), {
    persistenceStore: new CachePersistenceLayer({ client }),
    config,
  });
  startConsumers(
    service,
    async (event) => {
      await notifyOnce(event);
    },
    heartbeat(service),
  );
};
