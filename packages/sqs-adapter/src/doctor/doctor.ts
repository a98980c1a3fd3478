import type { SQSClient } from "@aws-sdk/client-sqs";
import { MAX_VISIBILITY_MS, optionsOf } from "@exactly-once/core/ports";

import {
  isFifo,
  queueName,
  readQueueFacts,
  resolveQueueUrl,
  type QueueAddress,
  type QueueFacts,
} from "../wire/queue-facts.js";
import { isMissingQueue } from "../wire/sqs-error.js";

/** One thing that was looked at. */
export interface Finding {
  /** `error`: messages can be lost or doubled. `warning`: could not be checked, or is unwise. */
  readonly severity: "ok" | "warning" | "error";
  /** Stable, for tests in CI. */
  readonly code: string;
  /** What was found, and what to do about it. */
  readonly message: string;
}

/** Which queue to look at, and how it will be used. */
export interface InspectQueueOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  /** The longest a handler of this queue may take: the largest `maxProcessingMs` of its pipelines. */
  readonly maxProcessingMs: number;
  /** How long the store keeps `done` records. Default 28 days. */
  readonly doneRetentionMs?: number | undefined;
  /** How long a message with an unknown effect is held before we dead-letter it. */
  readonly holdForMs?: number | undefined;
  /**
   * The receive count at which the consumer dead-letters a message itself. The redrive policy's
   * must be higher, or SQS overtakes it.
   */
  readonly ownReceiveLimit?: number | undefined;
  /** Milliseconds a call may take. Default 10,000. */
  readonly callTimeoutMs?: number | undefined;
}

const DAY_MS = 24 * 3_600_000;
/** Redeliveries after a deployment or a crash are normal; fewer receives leave no room for them. */
const FEWEST_RECEIVES = 3;

/**
 * Inspects a queue and its dead-letter queue as they are deployed, against how they will be used.
 * What the role may not read becomes a warning.
 *
 * @throws QueueUnavailableError where SQS can't be reached
 */
export async function inspectQueue(options: InspectQueueOptions): Promise<readonly Finding[]> {
  const { client, queueUrl, callTimeoutMs = 10_000 } = options;
  const check = optionsOf("inspectQueue");
  check.ms("maxProcessingMs", options.maxProcessingMs);
  check.ms("holdForMs", options.holdForMs ?? 1);
  check.ms("doneRetentionMs", options.doneRetentionMs ?? 1);
  const address = { client, queueUrl, callTimeoutMs };
  const facts = await read(address);
  if (facts === "missing") {
    return [error("queue-missing", `${queueUrl} doesn't exist: check the URL and the region`)];
  }
  if (facts === "denied") return [unreadable("queue-unreadable", queueUrl)];
  return [
    ...visibilityFindings(facts, options),
    ...retentionFindings(facts, options),
    ...fifoFindings(facts, queueUrl),
    ...(await deadLetterFindings(facts, address, options)),
  ];
}

function visibilityFindings(
  { visibilityMs = 0 }: QueueFacts,
  { maxProcessingMs }: InspectQueueOptions,
): readonly Finding[] {
  if (maxProcessingMs > MAX_VISIBILITY_MS) {
    const message = `maxProcessingMs is ${hours(maxProcessingMs)}, and SQS hides a message for at most 12 h: lower it`;
    return [error("processing-over-12h", message)];
  }
  if (visibilityMs >= maxProcessingMs) {
    return [ok("visibility", `the queue's default visibility covers maxProcessingMs`)];
  }
  const message =
    `the queue's default visibility (${visibilityMs / 1_000} s) is shorter than maxProcessingMs ` +
    `(${maxProcessingMs / 1_000} s); the consumer asks for its own and extends it, but Lambda and ` +
    "other readers of this queue get the default: raise it if there are any";
  return [ok("visibility-default-short", message)];
}

function retentionFindings(
  { retentionMs }: QueueFacts,
  { holdForMs }: InspectQueueOptions,
): readonly Finding[] {
  if (retentionMs === undefined || holdForMs === undefined) return [];
  if (holdForMs < retentionMs / 2) return [ok("hold", "held messages are dead-lettered in time")];
  const message =
    `holdForMs (${hours(holdForMs)}) is more than half of the queue's retention ` +
    `(${hours(retentionMs)}): a held message could expire. Lower holdForMs or raise the retention`;
  return [error("hold-outlives-retention", message)];
}

function fifoFindings(facts: QueueFacts, queueUrl: string): readonly Finding[] {
  if (!isFifo(queueUrl)) {
    return [
      ok("standard", "a standard queue: doubles are expected and suppressed, order is not kept"),
    ];
  }
  if (!facts.contentBasedDeduplication) return [ok("fifo", "producers give deduplication ids")];
  const message =
    "content-based deduplication: SQS swallows a message equal to one sent within five minutes, " +
    "also where both were meant; let producers send a MessageDeduplicationId per event";
  return [warning("fifo-content-deduplication", message)];
}

async function deadLetterFindings(
  facts: QueueFacts,
  address: QueueAddress,
  options: InspectQueueOptions,
): Promise<readonly Finding[]> {
  const { redrive } = facts;
  if (redrive === undefined) {
    const message =
      "no redrive policy: a message that always fails comes back until it expires. Set a " +
      "RedrivePolicy with a dead-letter queue of the same type";
    return [error("redrive-policy-missing", message)];
  }
  const budget = budgetFinding(redrive.maxReceiveCount, options.ownReceiveLimit);
  if (isFifo(redrive.arn) !== isFifo(address.queueUrl)) {
    const message = `${queueName(redrive.arn)} isn't of the queue's type: both must be FIFO, or neither`;
    return [budget, error("dead-letter-queue-type", message)];
  }
  const url = await resolveQueueUrl(address, redrive.arn);
  const dead = url === undefined ? "missing" : await read({ ...address, queueUrl: url });
  if (dead === "missing") {
    const message = `${redrive.arn} doesn't exist: create it, or correct the redrive policy`;
    return [budget, error("dead-letter-queue-missing", message)];
  }
  if (dead === "denied") {
    return [budget, unreadable("dead-letter-queue-unreadable", redrive.arn)];
  }
  return [budget, ...pairFindings(facts, dead, options)];
}

function budgetFinding(maxReceiveCount: number, ownReceiveLimit: number | undefined): Finding {
  if (ownReceiveLimit !== undefined && maxReceiveCount <= ownReceiveLimit) {
    const message =
      `maxReceiveCount is ${maxReceiveCount}, and the consumer dead-letters at ${ownReceiveLimit}: ` +
      "SQS would move the message first, without a reason and out of order. Raise maxReceiveCount";
    return error("receive-budget", message);
  }
  if (maxReceiveCount < FEWEST_RECEIVES) {
    const message =
      `maxReceiveCount is ${maxReceiveCount}: a deployment or a short outage sends healthy messages ` +
      "to the dead-letter queue. Raise it to 10 or more";
    return warning("receive-budget-low", message);
  }
  return ok("receive-budget", `the redrive policy allows ${maxReceiveCount} receives`);
}

function pairFindings(
  source: QueueFacts,
  dead: QueueFacts,
  { doneRetentionMs = 28 * DAY_MS }: InspectQueueOptions,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (source.retentionMs !== undefined && dead.retentionMs !== undefined) {
    findings.push(
      dead.retentionMs > source.retentionMs
        ? ok("dead-letter-retention", "dead letters live longer than messages")
        : warning(
            "dead-letter-retention",
            `the dead-letter queue keeps messages for ${hours(dead.retentionMs)}, the queue for ` +
              `${hours(source.retentionMs)}; SQS counts from the first sending, so that a late dead ` +
              "letter expires at once. Raise the dead-letter queue's retention to 14 days",
          ),
      doneFinding(source.retentionMs + dead.retentionMs, doneRetentionMs),
    );
  }
  if ((dead.maxMessageBytes ?? Infinity) < (source.maxMessageBytes ?? 0)) {
    const message =
      "the dead-letter queue takes smaller messages than the queue, so some can't be copied: raise " +
      "its MaximumMessageSize";
    findings.push(warning("dead-letter-size", message));
  }
  return findings;
}

function doneFinding(copyMayReturnMs: number, doneRetentionMs: number): Finding {
  if (doneRetentionMs >= copyMayReturnMs) {
    return ok("done-retention", "the store remembers longer than a copy can return");
  }
  const message =
    `the store forgets what is done after ${hours(doneRetentionMs)}, but a copy could return for ` +
    `${hours(copyMayReturnMs)} (both retentions): raise the store's retention`;
  return error("done-retention", message);
}

async function read(address: QueueAddress): Promise<QueueFacts | "denied" | "missing"> {
  try {
    return await readQueueFacts(address);
  } catch (fault) {
    if (isMissingQueue(fault)) return "missing";
    throw fault;
  }
}

const ok = (code: string, message: string): Finding => ({ severity: "ok", code, message });
const warning = (code: string, message: string): Finding => ({
  severity: "warning",
  code,
  message,
});
const error = (code: string, message: string): Finding => ({ severity: "error", code, message });

function unreadable(code: string, urlOrArn: string): Finding {
  const message = `${queueName(urlOrArn)} could not be inspected: grant sqs:GetQueueAttributes on it`;
  return warning(code, message);
}

const hours = (ms: number) => `${Math.round((ms / 3_600_000) * 10) / 10} h`;
