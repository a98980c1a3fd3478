import type { SQSClient } from "@aws-sdk/client-sqs";
import { tunedSqsClient } from "@exactly-once/sqs-adapter";
import type { Config } from "./config.js";

/** The client for both queues. */
export function queueClient({ region, endpoints: { sqs } }: Config): SQSClient {
  return tunedSqsClient({
    region,
    // A local queue's URL may name a host that doesn't resolve; the endpoint then leads to it.
    ...(sqs === undefined ? {} : { endpoint: sqs, useQueueUrlAsEndpoint: false }),
  });
}
