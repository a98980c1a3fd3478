import { notificationKey } from "@exactly-once/core";
import { SQSClient } from "@aws-sdk/client-sqs";

/** What the producer, the replicas and the count have to agree on. */
export const NAMESPACE = "chaos";
export const PIPELINE = "form-updated";

/**
 * For how long the SES accepts a signature: longer than a process is stopped, and short enough to
 * wait until "not sent" can be known.
 */
export const SIGNATURE_VALIDITY_MS = 15_000;

export const credentials = { accessKeyId: "local", secretAccessKey: "local" };

export function keyOf(id: number): string {
  return notificationKey(NAMESPACE, PIPELINE, [id]).digest;
}

export function recipientOf(id: number): string {
  return `trainee-${id}@example.org`;
}

export function sqsClient(endpoint: string): SQSClient {
  return new SQSClient({ endpoint, region: "eu-west-2", credentials });
}
