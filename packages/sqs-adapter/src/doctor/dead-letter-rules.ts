import { isFifo, queueName, type QueueFacts } from "../wire/queue-facts.js";
import { error, hours, ok, warning, type Finding } from "./finding.js";
import { awsCli, awsMend, grantMend, queueMend } from "./mend.js";
import { DAY_MS, type QueueReader, type QueueUse } from "./queue-use.js";

/** The most that SQS takes for `maxReceiveCount` ("SetQueueAttributes", RedrivePolicy). */
const MOST_RECEIVES = 1_000;
/**
 * Each restart, outage and hand-back costs a received message one of its receives. A sandbox can't stop
 * receiving, so Lambda needs the most there is.
 */
const ENOUGH_RECEIVES: Readonly<Record<QueueReader, number>> = {
  "exactly-once": 100,
  lambda: MOST_RECEIVES,
  other: 3,
};

/** The queue that a redrive policy names, as it was found. */
export interface DeadLetterQueue {
  readonly queueUrl: string;
  readonly facts: QueueFacts;
}

/**
 * Holds a queue's redrive policy and the queue that it names against how they are used.
 *
 * @param dead what was found under the policy's ARN
 */
export function judgeDeadLetters(
  source: QueueFacts,
  dead: DeadLetterQueue | "denied" | "missing" | undefined,
  use: QueueUse,
): readonly Finding[] {
  const { redrive } = source;
  if (redrive === undefined) return [noPolicy(source, use)];
  const budget = budgetFinding(redrive, use);
  if (isFifo(redrive.arn) !== isFifo(use.queueUrl)) return [budget, wrongType(redrive.arn, use)];
  if (dead === "missing" || dead === undefined) return [budget, missing(redrive.arn)];
  if (dead === "denied") return [budget, unreadable("dead-letter-queue-unreadable", redrive.arn)];
  return [budget, ...pairFindings(source, dead, use)];
}

/** A queue that the role may not look at. */
export function unreadable(code: string, urlOrArn: string): Finding {
  const name = queueName(urlOrArn);
  return warning(code, {
    message: `${name} could not be inspected`,
    leadsTo: "what is wrong with it shows when a message needs it",
    mend: grantMend(
      "sqs:GetQueueAttributes",
      urlOrArn.startsWith("arn:") ? urlOrArn : `arn:aws:sqs:*:*:${name}`,
    ),
  });
}

function noPolicy(source: QueueFacts, use: QueueUse): Finding {
  const suffix = isFifo(use.queueUrl) ? ".fifo" : "";
  const name = `${queueName(use.queueUrl).replace(/\.fifo$/, "")}-dead${suffix}`;
  const arn = (source.arn ?? "arn:aws:sqs:REGION:ACCOUNT:queue").replace(/[^:]+$/, name);
  const maxReceiveCount = ENOUGH_RECEIVES[use.consumer];
  const mend = queueMend(
    `create the queue ${name} and name it in the redrive policy`,
    use.queueUrl,
    {
      RedrivePolicy: { deadLetterTargetArn: arn, maxReceiveCount },
    },
  );
  return error("redrive-policy-missing", {
    message: `${queueName(use.queueUrl)} has no redrive policy`,
    leadsTo: "a message that always fails comes back until it expires, and then is gone",
    mend: { ...mend, cli: `${createQueue(arn)} && ${mend.cli ?? ""}` },
  });
}

function budgetFinding(
  { arn, maxReceiveCount }: NonNullable<QueueFacts["redrive"]>,
  { consumer, maxTries, queueUrl }: QueueUse,
): Finding {
  const enough = ENOUGH_RECEIVES[consumer];
  const mend = queueMend(mendText(enough, maxTries), queueUrl, {
    RedrivePolicy: { deadLetterTargetArn: arn, maxReceiveCount: Math.max(enough, maxReceiveCount) },
  });
  if (maxTries !== undefined && maxReceiveCount <= maxTries) {
    return error("receive-budget", {
      message: `maxReceiveCount is ${maxReceiveCount}, and the consumer dead-letters after ${maxTries} tries, each of which may take a receive`,
      leadsTo:
        "SQS moves the message first: without a reason, out of order, and while it may be handled",
      mend,
    });
  }
  if (maxReceiveCount < enough) {
    return warning("receive-budget-low", {
      message: `maxReceiveCount is ${maxReceiveCount}; it is a net under the consumer's own limit, maxTries`,
      leadsTo:
        consumer === "lambda"
          ? "a sandbox can't stop receiving: pauses and outages spend receives until SQS moves healthy messages"
          : "restarts and hand-backs each spend a receive, until SQS moves messages that were never tried",
      mend,
    });
  }
  return ok("receive-budget", `the redrive policy allows ${maxReceiveCount} receives`);
}

/** The consumer's own limit is one below the queue's where it isn't set, and would rise with it. */
function mendText(enough: number, maxTries: number | undefined): string {
  const raise = `raise maxReceiveCount to ${enough} or more`;
  return maxTries === undefined
    ? `${raise}, and give the consumer the maxTries that a failing message shall have, 9 say: by default it is one less than the queue's`
    : raise;
}

function wrongType(arn: string, use: QueueUse): Finding {
  const rightArn = isFifo(use.queueUrl) ? `${arn}.fifo` : arn.replace(/\.fifo$/, "");
  const name = queueName(rightArn);
  const mend = queueMend(
    `create the queue ${name} and name it in the redrive policy`,
    use.queueUrl,
    {
      RedrivePolicy: {
        deadLetterTargetArn: rightArn,
        maxReceiveCount: ENOUGH_RECEIVES[use.consumer],
      },
    },
  );
  return error("dead-letter-queue-type", {
    message: `${queueName(arn)} isn't of the type of ${queueName(use.queueUrl)}: both must be FIFO, or neither`,
    leadsTo: "SQS doesn't move messages there, and copies that keep their group are refused",
    mend: { ...mend, cli: `${createQueue(rightArn)} && ${mend.cli ?? ""}` },
  });
}

/** The command that makes a dead-letter queue under this ARN. */
function createQueue(arn: string): string {
  const attributes = {
    ...(isFifo(arn) ? { FifoQueue: "true" } : {}),
    MessageRetentionPeriod: String(14 * (DAY_MS / 1_000)),
  };
  return awsCli([
    "sqs",
    "create-queue",
    "--queue-name",
    queueName(arn),
    "--attributes",
    attributes,
  ]);
}

function missing(arn: string): Finding {
  const properties = {
    QueueName: queueName(arn),
    ...(isFifo(arn) ? { FifoQueue: true } : {}),
    MessageRetentionPeriod: 14 * (DAY_MS / 1_000),
  };
  const mend = awsMend("create the queue, or correct the redrive policy", [], {
    type: "AWS::SQS::Queue",
    properties,
  });
  return error("dead-letter-queue-missing", {
    message: `the redrive policy names ${arn}, which doesn't exist`,
    leadsTo: "what can't be handled has nowhere to go: it is held in place, with its group",
    mend: { ...mend, cli: createQueue(arn) },
  });
}

function pairFindings(
  source: QueueFacts,
  dead: DeadLetterQueue,
  { doneRetentionMs }: QueueUse,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (source.retentionMs !== undefined && dead.facts.retentionMs !== undefined) {
    findings.push(
      retentionFinding(source.retentionMs, dead.facts.retentionMs, dead.queueUrl),
      doneFinding(source.retentionMs + dead.facts.retentionMs, doneRetentionMs),
    );
  }
  if ((dead.facts.maxMessageBytes ?? Infinity) < (source.maxMessageBytes ?? 0)) {
    findings.push(
      warning("dead-letter-size", {
        message: `the dead-letter queue takes ${dead.facts.maxMessageBytes} bytes, the queue ${source.maxMessageBytes}`,
        leadsTo: "larger messages can't be copied: they are held in place, with their group",
        mend: queueMend("raise its MaximumMessageSize", dead.queueUrl, {
          MaximumMessageSize: source.maxMessageBytes ?? 0,
        }),
      }),
    );
  }
  if (refuses(dead.facts, source.arn)) {
    findings.push(
      warning("dead-letter-queue-refuses", {
        message: `${queueName(dead.queueUrl)} doesn't let this queue name it (RedriveAllowPolicy)`,
        leadsTo: "SQS's own net doesn't hold: what is received too often stays in the queue",
        mend: queueMend("allow it", dead.queueUrl, {
          RedriveAllowPolicy: { redrivePermission: "byQueue", sourceQueueArns: [source.arn ?? ""] },
        }),
      }),
    );
  }
  return findings;
}

function refuses({ redriveAllowPolicy }: QueueFacts, sourceArn: string | undefined): boolean {
  if (redriveAllowPolicy === undefined || sourceArn === undefined) return false;
  const { redrivePermission, sourceQueueArns = [] } = JSON.parse(redriveAllowPolicy) as {
    readonly redrivePermission?: string;
    readonly sourceQueueArns?: readonly string[];
  };
  if (redrivePermission === "denyAll") return true;
  return redrivePermission === "byQueue" && !sourceQueueArns.includes(sourceArn);
}

function retentionFinding(sourceMs: number, deadMs: number, deadUrl: string): Finding {
  if (deadMs > sourceMs)
    return ok("dead-letter-retention", "dead letters live longer than messages");
  return warning("dead-letter-retention", {
    message: `the dead-letter queue keeps messages for ${hours(deadMs)}, the queue for ${hours(sourceMs)}`,
    leadsTo: "SQS counts what it moves from the first sending: a late dead letter expires at once",
    mend: queueMend("raise the dead-letter queue's retention to 14 days", deadUrl, {
      MessageRetentionPeriod: 14 * (DAY_MS / 1_000),
    }),
  });
}

function doneFinding(copyMayReturnMs: number, doneRetentionMs: number): Finding {
  if (doneRetentionMs >= copyMayReturnMs) {
    return ok("done-retention", "the store remembers longer than a copy can return");
  }
  return error("done-retention", {
    message: `the store forgets what is done after ${hours(doneRetentionMs)}, but a copy could return for ${hours(copyMayReturnMs)} (both retentions)`,
    leadsTo: "a message that is redriven late is taken for a new one, and its email goes out again",
    mend: { text: `raise the store's retentionMs to ${copyMayReturnMs} or more` },
  });
}
