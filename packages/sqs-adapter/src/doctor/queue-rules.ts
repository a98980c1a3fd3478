import { MAX_VISIBILITY_MS } from "@exactly-once/core/ports";

import { isFifo, queueName, type QueueFacts } from "../wire/queue-facts.js";
import { error, hours, ok, seconds, warning, type Finding } from "./finding.js";
import { queueMend } from "./mend.js";
import { DAY_MS, type QueueUse } from "./queue-use.js";

/** Holds a queue's settings against how it is used. The dead-letter queue has rules of its own. */
export function judgeQueue(facts: QueueFacts, use: QueueUse): readonly Finding[] {
  return [
    ...visibilityFindings(facts, use),
    ...walkFindings(use),
    ...retentionFindings(facts, use),
    ...fifoFindings(facts, use),
  ];
}

function visibilityFindings(
  { visibilityMs, redrive }: QueueFacts,
  { queueUrl, maxProcessingMs, consumer, walk }: QueueUse,
): readonly Finding[] {
  const name = queueName(queueUrl);
  const neededMs = Math.max(maxProcessingMs, walk?.ms ?? 0);
  if (neededMs > MAX_VISIBILITY_MS) {
    return [
      error("processing-over-12h", {
        message: `a message of ${name} may take ${hours(neededMs)}, and SQS hides one for at most 12 h`,
        leadsTo: "it is handed out again while it is being handled, and its handler is aborted",
        mend: {
          text: "lower maxProcessingMs: let the handler start the work, and not wait for it",
        },
      }),
    ];
  }
  if (visibilityMs === undefined) return [];
  if (visibilityMs >= neededMs) {
    return [ok("visibility", "the queue's default visibility covers the longest handling")];
  }
  if (consumer !== "other") {
    const message =
      `the queue's default visibility (${seconds(visibilityMs)}) is shorter than maxProcessingMs ` +
      `(${seconds(maxProcessingMs)}), which can't hurt: our consumers ask for their own`;
    return [ok("visibility-default-short", message)];
  }
  const what =
    walk === undefined || walk.ms < maxProcessingMs
      ? `a handler may take ${seconds(maxProcessingMs)}`
      : `walking the ${walk.users} users of ${walk.userPoolId} takes about ${seconds(walk.ms)} on its message path`;
  const times =
    redrive === undefined ? "again and again" : `up to ${redrive.maxReceiveCount} times`;
  const mendedMs = Math.min(MAX_VISIBILITY_MS, 2 * neededMs);
  return [
    error("visibility-short", {
      message: `${name} hands a message out again after ${seconds(visibilityMs)} while ${what}, so that its email goes out ${times}`,
      leadsTo:
        "SQS takes a slow message for lost; who handles the copy doesn't know of the first, and nothing " +
        "fails that would be seen",
      mend: queueMend(
        "let this library's consumer read the queue, which extends what it handles and sends once; until then raise the visibility",
        queueUrl,
        { VisibilityTimeout: Math.ceil(mendedMs / 1_000) },
      ),
    }),
  ];
}

function walkFindings({ walk, queueUrl, maxProcessingMs, consumer }: QueueUse): readonly Finding[] {
  if (walk === undefined || consumer === "other") return [];
  const mend = {
    text: "look users up in createUserCache of @exactly-once/core/user-cache, which walks the pool beside the messages",
  };
  const message = `a handler of ${queueName(queueUrl)} walks the ${walk.users} users of ${walk.userPoolId} on its message path, about ${seconds(walk.ms)} each time`;
  if (walk.ms >= maxProcessingMs) {
    const leadsTo = `it is aborted after maxProcessingMs (${seconds(maxProcessingMs)}), every time, and its messages become dead letters`;
    return [error("walk-on-message-path", { message, leadsTo, mend })];
  }
  const leadsTo =
    "messages wait for walks, several of them walk at once, and it grows with the pool, unseen by tests";
  return [warning("walk-on-message-path", { message, leadsTo, mend })];
}

function retentionFindings(
  { retentionMs }: QueueFacts,
  { holdForMs, queueUrl }: QueueUse,
): readonly Finding[] {
  if (retentionMs === undefined || holdForMs === undefined) return [];
  if (holdForMs < retentionMs / 2) return [ok("hold", "held messages are dead-lettered in time")];
  return [
    error("hold-outlives-retention", {
      message: `holdForMs (${hours(holdForMs)}) is more than half of the queue's retention (${hours(retentionMs)})`,
      leadsTo: "a held message can expire in the queue, without a dead letter",
      mend: queueMend("lower holdForMs, or raise the retention", queueUrl, {
        MessageRetentionPeriod: 14 * (DAY_MS / 1_000),
      }),
    }),
  ];
}

function fifoFindings(facts: QueueFacts, { queueUrl }: QueueUse): readonly Finding[] {
  if (!isFifo(queueUrl)) {
    return [
      ok("standard", "a standard queue: doubles are expected and suppressed, order is not kept"),
    ];
  }
  if (!facts.contentBasedDeduplication) return [ok("fifo", "producers give deduplication ids")];
  return [
    warning("fifo-content-deduplication", {
      message: "the queue deduplicates by content",
      leadsTo:
        "SQS swallows a message that equals one sent within five minutes, also where both were meant",
      mend: queueMend(
        "let producers send a MessageDeduplicationId for each event, then switch it off",
        queueUrl,
        { ContentBasedDeduplication: "false" },
      ),
    }),
  ];
}
