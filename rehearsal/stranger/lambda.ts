import { memoryStore } from "@exactly-once/core";
import { createLambdaHandler } from "@exactly-once/sqs-adapter";
import { formReceived, sqsClient } from "./service.js";

/** The function as it is deployed: bundled, in a runtime that brings an SDK of its own. */
export const handler = createLambdaHandler({
  client: sqsClient(process.env["SQS_ENDPOINT"] ?? ""),
  queueUrl: process.env["QUEUE_URL"] ?? "",
  namespace: "stranger-lambda",
  store: memoryStore(),
  pipelines: [formReceived(process.env["SES_ENDPOINT"] ?? "")],
});
