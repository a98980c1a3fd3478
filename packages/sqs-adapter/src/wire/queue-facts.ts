import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from "@aws-sdk/client-sqs";

import { callSqs } from "./call.js";
import { isDenied, isMissingQueue } from "./sqs-error.js";

/** What SQS tells about a queue. Absent is what it did not say. */
export interface QueueFacts {
  readonly arn?: string;
  readonly visibilityMs?: number;
  readonly retentionMs?: number;
  readonly maxMessageBytes?: number;
  readonly contentBasedDeduplication: boolean;
  readonly redrive?: { readonly arn: string; readonly maxReceiveCount: number };
  /** The access policy, JSON. */
  readonly policy?: string;
  /** Which queues may name this one for their dead letters, JSON; absent allows all of the account. */
  readonly redriveAllowPolicy?: string;
  /** The KMS key of its encryption: an id, an ARN or an alias. */
  readonly kmsKey?: string;
}

/** Where a queue is, and by whom it is asked. */
export interface QueueAddress {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly callTimeoutMs: number;
}

/** The last part of a queue's URL or ARN. */
export function queueName(urlOrArn: string): string {
  return urlOrArn.split(/[/:]/).pop() ?? urlOrArn;
}

/** SQS has no other FIFO queues: the suffix is mandatory for them and forbidden to others. */
export const isFifo = (urlOrArn: string) => urlOrArn.endsWith(".fifo");

/**
 * Reads a queue's attributes. `denied` is an expected answer: a consumer works without
 * `sqs:GetQueueAttributes`.
 *
 * @throws QueueUnavailableError where SQS can't be reached, also where there is no such queue
 */
export async function readQueueFacts(at: QueueAddress): Promise<QueueFacts | "denied"> {
  const { client, queueUrl, callTimeoutMs } = at;
  // "All", since SQS refuses the whole request for a FIFO attribute of a standard queue.
  const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["All"] });
  try {
    const answer = await callSqs(
      `GetQueueAttributes of ${queueName(queueUrl)}`,
      callTimeoutMs,
      (o) => client.send(command, o),
    );
    return toFacts(answer.Attributes ?? {});
  } catch (fault) {
    if (isDenied(fault)) return "denied";
    throw fault;
  }
}

/**
 * The URL of the queue with this ARN; `undefined` where there is no such queue. Where asking is denied it is
 * put together from the URL of a queue of the same region.
 */
export async function resolveQueueUrl(at: QueueAddress, arn: string): Promise<string | undefined> {
  const name = queueName(arn);
  const account = arn.split(":")[4] ?? "";
  const command = new GetQueueUrlCommand({ QueueName: name, QueueOwnerAWSAccountId: account });
  try {
    const answer = await callSqs(`GetQueueUrl of ${name}`, at.callTimeoutMs, (o) =>
      at.client.send(command, o),
    );
    return answer.QueueUrl;
  } catch (fault) {
    if (isMissingQueue(fault)) return undefined;
    if (!isDenied(fault)) throw fault;
    return new URL(`/${account}/${name}`, at.queueUrl).href;
  }
}

function toFacts(attributes: Readonly<Partial<Record<string, string>>>): QueueFacts {
  const arn = attributes["QueueArn"];
  const visibility = seconds(attributes["VisibilityTimeout"]);
  const retention = seconds(attributes["MessageRetentionPeriod"]);
  const maxMessageBytes = attributes["MaximumMessageSize"];
  const policy = attributes["Policy"];
  const redriveAllowPolicy = attributes["RedriveAllowPolicy"];
  const kmsKey = attributes["KmsMasterKeyId"];
  const redrive = parseRedrivePolicy(attributes["RedrivePolicy"]);
  return {
    ...(arn === undefined ? {} : { arn }),
    ...(visibility === undefined ? {} : { visibilityMs: visibility }),
    ...(retention === undefined ? {} : { retentionMs: retention }),
    ...(maxMessageBytes === undefined ? {} : { maxMessageBytes: Number(maxMessageBytes) }),
    contentBasedDeduplication: attributes["ContentBasedDeduplication"] === "true",
    ...(redrive === undefined ? {} : { redrive }),
    ...(policy === undefined ? {} : { policy }),
    ...(redriveAllowPolicy === undefined ? {} : { redriveAllowPolicy }),
    ...(kmsKey === undefined || kmsKey === "" ? {} : { kmsKey }),
  };
}

function seconds(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text) * 1_000;
}

function parseRedrivePolicy(text: string | undefined): QueueFacts["redrive"] {
  if (text === undefined || text === "") return undefined;
  const policy = JSON.parse(text) as {
    readonly deadLetterTargetArn?: string;
    readonly maxReceiveCount?: number | string;
  };
  if (policy.deadLetterTargetArn === undefined) return undefined;
  // Tools that write the policy as text leave the count a string, and SQS keeps it so.
  return { arn: policy.deadLetterTargetArn, maxReceiveCount: Number(policy.maxReceiveCount) };
}
