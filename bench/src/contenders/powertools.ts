import { IdempotencyConfig, makeIdempotent } from "@aws-lambda-powertools/idempotency";
import { CachePersistenceLayer } from "@aws-lambda-powertools/idempotency/cache";
import { createClient } from "@redis/client";
import type { Context } from "aws-lambda";
import { startAll } from "./sqs-consumer.js";
import type { Contender, WorkEvent } from "./contender.js";

/**
 * sqs-consumer with AWS Powertools' idempotency on Redis, wired as the latter's documentation shows
 * for the Redis client. Its records end with the invocation's time, which outside Lambda somebody
 * has to name: without it every record would be one of nobody's.
 */
export const sqsConsumerWithPowertools: Contender = async (work) => {
  const client = await createClient({ url: work.redisUrl ?? "" }).connect();
  const persistenceStore = new CachePersistenceLayer({ client });
  const config = new IdempotencyConfig({ eventKeyJmesPath: "deduplicationId" });
  config.registerLambdaContext({ getRemainingTimeInMillis: () => 30_000 } as Context);
  const handle = makeIdempotent((event: WorkEvent) => work.handle(event), {
    persistenceStore,
    config,
  });
  await startAll(work, async (message) => {
    await handle(JSON.parse(message.Body ?? "") as WorkEvent);
  });
};
