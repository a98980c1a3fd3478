import type { SQSClient } from "@aws-sdk/client-sqs";
import { optionsOf } from "@exactly-once/core/ports";

import { checkCallTimeout, checkUrl } from "../wire/check-options.js";
import { isMissingQueue } from "../wire/sqs-error.js";
import {
  isFifo,
  readQueueFacts,
  resolveQueueUrl,
  type QueueAddress,
  type QueueFacts,
} from "../wire/queue-facts.js";
import { judgeDeadLetters, unreadable, type DeadLetterQueue } from "./dead-letter-rules.js";
import { error, type Finding } from "./finding.js";
import { judgeQueue } from "./queue-rules.js";
import {
  DAY_MS,
  QUEUE_READERS,
  type QueueReader,
  type QueueUse,
  type UserWalk,
} from "./queue-use.js";

/** Which queue to look at, and how it will be used. */
export interface InspectQueueOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  /** The longest a handler of this queue may take: the largest `maxProcessingMs` of its pipelines. */
  readonly maxProcessingMs: number;
  /** Who reads it. Default `exactly-once`, this library's consumer. */
  readonly consumer?: QueueReader | undefined;
  /** How long the store keeps `done` records. Default 28 days. */
  readonly doneRetentionMs?: number | undefined;
  /** How long a message with an unknown effect is held before we dead-letter it. */
  readonly holdForMs?: number | undefined;
  /** The consumer's `maxTries`, where it is set: it dead-letters a message itself then. */
  readonly maxTries?: number | undefined;
  /** A walk through a user pool that a handler does before it can send. */
  readonly walk?: UserWalk | undefined;
  /** Milliseconds a call may take. Default 10,000. */
  readonly callTimeoutMs?: number | undefined;
}

/**
 * Inspects a queue and its dead-letter queue as they are deployed, against how they will be used.
 * What the role may not read becomes a warning.
 *
 * @example
 * ```ts
 * const findings = await inspectQueue({ client, queueUrl, maxProcessingMs: 600_000 });
 * for (const { severity, message } of findings) console.log(severity, message);
 * ```
 * @throws QueueUnavailableError where SQS can't be reached
 * @throws ConfigurationError for an option that is out of its range
 */
export async function inspectQueue(options: InspectQueueOptions): Promise<readonly Finding[]> {
  const { address, use } = resolveOptions(options);
  const facts = await read(address);
  if (facts === "missing") return [missing(use.queueUrl)];
  if (facts === "denied") return [unreadable("queue-unreadable", use.queueUrl)];
  const dead = await readDeadLetterQueue(address, facts);
  return [...judgeQueue(facts, use), ...judgeDeadLetters(facts, dead, use)];
}

function resolveOptions(options: InspectQueueOptions): {
  readonly address: QueueAddress;
  readonly use: QueueUse;
} {
  const check = optionsOf("inspectQueue");
  const { client, holdForMs, maxTries, walk } = options;
  const queueUrl = checkUrl(check, "queueUrl", options.queueUrl);
  const callTimeoutMs = checkCallTimeout(check, options.callTimeoutMs ?? 10_000);
  return {
    address: { client, queueUrl, callTimeoutMs },
    use: {
      queueUrl,
      consumer: check.oneOf("consumer", options.consumer ?? "exactly-once", QUEUE_READERS),
      maxProcessingMs: check.ms("maxProcessingMs", options.maxProcessingMs),
      doneRetentionMs: check.ms("doneRetentionMs", options.doneRetentionMs ?? 28 * DAY_MS),
      holdForMs: holdForMs === undefined ? undefined : check.ms("holdForMs", holdForMs),
      maxTries:
        maxTries === undefined
          ? undefined
          : check.integer("maxTries", maxTries, { from: 1, to: 1_000_000 }),
      walk,
    },
  };
}

function missing(queueUrl: string): Finding {
  return error("queue-missing", {
    message: `${queueUrl} doesn't exist`,
    leadsTo: "nothing is received, and producers are refused",
    mend: { text: "check the URL and the region" },
  });
}

async function readDeadLetterQueue(
  address: QueueAddress,
  { redrive }: QueueFacts,
): Promise<DeadLetterQueue | "denied" | "missing" | undefined> {
  if (redrive === undefined || isFifo(redrive.arn) !== isFifo(address.queueUrl)) return undefined;
  const queueUrl = await resolveQueueUrl(address, redrive.arn);
  if (queueUrl === undefined) return "missing";
  const facts = await read({ ...address, queueUrl });
  return typeof facts === "string" ? facts : { queueUrl, facts };
}

async function read(address: QueueAddress): Promise<QueueFacts | "denied" | "missing"> {
  try {
    return await readQueueFacts(address);
  } catch (fault) {
    if (isMissingQueue(fault)) return "missing";
    throw fault;
  }
}
