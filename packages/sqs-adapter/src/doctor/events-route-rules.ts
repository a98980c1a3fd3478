import { queueName, type QueueFacts } from "../wire/queue-facts.js";
import { error, ok, warning, type Finding } from "./finding.js";
import { awsMend, queueMend } from "./mend.js";
import { allowsSnsToSend, withSnsStatement } from "./queue-policy.js";

/** A destination of a configuration set of SES. */
export interface EventDestination {
  readonly name: string;
  readonly enabled: boolean;
  /** Kinds as SES writes them, such as `send`; empty is all. */
  readonly events: readonly string[];
  /** Absent where it isn't an SNS topic. */
  readonly topicArn?: string | undefined;
}

/** A subscription of an SNS topic. */
export interface TopicSubscription {
  /** `PendingConfirmation` until it is confirmed. */
  readonly arn: string;
  readonly protocol: string;
  /** For SQS the queue's ARN. */
  readonly endpoint: string;
  readonly filterPolicy?: string | undefined;
}

/** Without `send` the reconciler can't settle what nobody knows; the others tell what became of a mail. */
const NEEDED_EVENTS = ["send", "delivery", "bounce", "reject"] as const;

/** The first step: the configuration set publishes what is needed, to a topic. */
export function judgeEventDestinations(
  configurationSet: string,
  destinations: readonly EventDestination[],
): readonly Finding[] {
  const active = destinations.filter(({ enabled, topicArn }) => enabled && topicArn !== undefined);
  if (active.length === 0) return [nothingPublished(configurationSet, destinations)];
  const all = active.some(({ events }) => events.length === 0);
  const published = new Set(
    active.flatMap(({ events }) => events.map((kind) => kind.toLowerCase())),
  );
  const missing = all ? [] : NEEDED_EVENTS.filter((kind) => !published.has(kind));
  if (missing.length === 0) {
    return [ok("ses-events", `the configuration set ${configurationSet} publishes events`)];
  }
  const [first] = active;
  const wrong = {
    message: `the configuration set ${configurationSet} doesn't publish ${missing.join(", ")}`,
    leadsTo: missing.includes("send")
      ? "an email whose reply was lost has no evidence: it is held until an operator looks"
      : "what became of an email stays unknown",
    mend: destinationMend(configurationSet, first?.name ?? "exactly-once", first?.topicArn),
  };
  return [missing.includes("send") ? error("ses-events", wrong) : warning("ses-events", wrong)];
}

function nothingPublished(
  configurationSet: string,
  destinations: readonly EventDestination[],
): Finding {
  const elsewhere = destinations.some(({ enabled }) => enabled);
  const what = elsewhere ? "publishes no events to an SNS topic" : "publishes no events";
  return error("ses-events", {
    message: `the configuration set ${configurationSet} ${what}`,
    leadsTo: "unknown outcomes stay until an operator settles them",
    mend: destinationMend(configurationSet, "exactly-once", undefined),
  });
}

function destinationMend(configurationSet: string, name: string, topicArn: string | undefined) {
  const destination = {
    Name: name,
    Enabled: true,
    MatchingEventTypes: [...NEEDED_EVENTS, "complaint", "renderingFailure"],
    SNSDestination: { TopicARN: topicArn ?? "TOPIC_ARN" },
  };
  const action = topicArn === undefined ? "create" : "update";
  return awsMend(
    "publish these events to an SNS topic",
    [
      ...["ses", `${action}-configuration-set-event-destination`],
      ...["--configuration-set-name", configurationSet, "--event-destination", destination],
    ],
    {
      type: "AWS::SES::ConfigurationSetEventDestination",
      properties: { ConfigurationSetName: configurationSet, EventDestination: destination },
    },
  );
}

/**
 * The second step: the topic has a confirmed subscription that brings all to the queue.
 *
 * @param queueArn of the queue that the reconciler reads; where it isn't known any queue will do
 */
export function judgeSubscriptions(
  topicArn: string,
  subscriptions: readonly TopicSubscription[],
  queueArn: string | undefined,
): readonly Finding[] {
  const queues = subscriptions.filter(
    ({ protocol, endpoint }) =>
      protocol === "sqs" && (queueArn === undefined || endpoint === queueArn),
  );
  const confirmed = queues.filter(({ arn }) => arn.startsWith("arn:"));
  const topic = queueName(topicArn);
  const mend = awsMend(
    "subscribe the queue to the topic",
    [
      ...["sns", "subscribe", "--topic-arn", topicArn, "--protocol", "sqs"],
      ...["--notification-endpoint", queueArn ?? "QUEUE_ARN"],
    ],
    {
      type: "AWS::SNS::Subscription",
      properties: { TopicArn: topicArn, Protocol: "sqs", Endpoint: queueArn ?? "QUEUE_ARN" },
    },
  );
  if (confirmed.length === 0) {
    const what = queues.length > 0 ? "is not confirmed" : "is missing";
    const which = queueArn === undefined ? "of a queue" : `of ${queueName(queueArn)}`;
    return [
      error("ses-events-subscription", {
        message: `the subscription ${which} to ${topic} ${what}`,
        leadsTo: "SES's events go nowhere: unknown outcomes stay until an operator settles them",
        mend,
      }),
    ];
  }
  const filtered = confirmed.find(({ filterPolicy }) => filterPolicy !== undefined);
  if (filtered === undefined) {
    return [
      ok("ses-events-subscription", `${topic} is subscribed by ${confirmed.length} queue(s)`),
    ];
  }
  return [
    warning("ses-events-filter", {
      message: `the subscription of ${queueName(filtered.endpoint)} to ${topic} has a filter`,
      leadsTo: "events that don't match never come, and their emails look as if nobody knew",
      mend: awsMend(
        "remove the filter",
        [
          ...["sns", "set-subscription-attributes", "--subscription-arn", filtered.arn],
          ...["--attribute-name", "FilterPolicy", "--attribute-value", "{}"],
        ],
        { type: "AWS::SNS::Subscription", properties: { FilterPolicy: {} } },
      ),
    }),
  ];
}

/** The third step: the queue takes what the topic sends. */
export function judgeEventsQueue(
  topicArn: string,
  queueUrl: string,
  { arn, policy, kmsKey }: QueueFacts,
): readonly Finding[] {
  const name = queueName(queueUrl);
  const findings: Finding[] = [];
  if (arn !== undefined && !allowsSnsToSend(policy, topicArn, arn)) {
    findings.push(
      error("ses-events-queue-policy", {
        message: `the policy of ${name} doesn't let ${queueName(topicArn)} send to it`,
        leadsTo: "SNS is refused and drops SES's events after its retries",
        mend: queueMend("allow it", queueUrl, { Policy: withSnsStatement(policy, topicArn, arn) }),
      }),
    );
  }
  if (kmsKey !== undefined && kmsKey.endsWith("alias/aws/sqs")) {
    findings.push(
      error("ses-events-queue-key", {
        message: `${name} is encrypted by AWS's own key, alias/aws/sqs, which SNS may not use`,
        leadsTo: "SNS can't deliver SES's events, and nothing says so but a metric of the topic",
        mend: queueMend(
          "encrypt it by SQS's own keys, or by a key of yours whose policy lets sns.amazonaws.com use it",
          queueUrl,
          { KmsMasterKeyId: "", SqsManagedSseEnabled: "true" },
        ),
      }),
    );
  }
  return findings.length > 0
    ? findings
    : [ok("ses-events-queue", `${name} takes what ${queueName(topicArn)} sends`)];
}
