import {
  GetSubscriptionAttributesCommand,
  ListSubscriptionsByTopicCommand,
  type SNSClient,
  type Subscription,
} from "@aws-sdk/client-sns";
import {
  judgeEventDestinations,
  judgeEventsQueue,
  judgeSubscriptions,
  readQueueFacts,
  type EventDestination,
  type Finding,
  type QueueFacts,
  type TopicSubscription,
} from "@exactly-once/sqs-adapter";
import type { Context } from "../cli-command.js";
import { chosenQueue } from "../queues.js";
import { asked, warning, type Diagnosis } from "./diagnosis.js";
import { identityFindings, quotaFindings, readDestinations } from "./ses-findings.js";

const CALL_TIMEOUT_MS = 10_000;

/** The account, the sender, and the way of SES's events: configuration set, topic, queue. */
export async function sesDiagnoses(context: Context): Promise<readonly Diagnosis[]> {
  const { from, configurationSet } = context.settings.ses;
  if (from === undefined && configurationSet === undefined) return [];
  const client = await context.ses();
  return [
    {
      subject: "ses",
      findings: [
        ...(await quotaFindings(client)),
        ...(from === undefined ? [] : await identityFindings(client, from)),
        ...(configurationSet === undefined
          ? [NO_CONFIGURATION_SET]
          : await eventsRoute(context, configurationSet)),
      ],
    },
  ];
}

const NO_CONFIGURATION_SET = warning("ses-configuration-set-not-given", {
  message: "no ses.configurationSet is configured, so that the way of its events wasn't checked",
  leadsTo: "without events only an operator can settle an unknown outcome",
  mend: { text: "write ses.configurationSet into the configuration file" },
});

async function eventsRoute(context: Context, name: string): Promise<readonly Finding[]> {
  const action = "ses:DescribeConfigurationSet";
  return asked({ code: "ses-configuration-set", action, service: "SES" }, async () => {
    const destinations = await readDestinations(await context.ses(), name);
    if ("severity" in destinations) return [destinations];
    const published = judgeEventDestinations(name, destinations);
    const topicArn = destinations.find((one) => isTopicInUse(one))?.topicArn;
    return topicArn === undefined
      ? published
      : [...published, ...(await onwards(context, topicArn))];
  });
}

const isTopicInUse = ({ enabled, topicArn }: EventDestination) => enabled && topicArn !== undefined;

/** From the topic to the queue. */
async function onwards(context: Context, topicArn: string): Promise<readonly Finding[]> {
  const queue = await eventsQueue(context);
  const action = "sns:ListSubscriptionsByTopic";
  const subscribed = await asked(
    { code: "ses-events-subscription", action, service: "SNS" },
    async () => {
      const subscriptions = await readSubscriptions(await context.sns(), topicArn);
      return judgeSubscriptions(topicArn, subscriptions, queue?.facts.arn);
    },
  );
  const taken = queue === undefined ? [] : judgeEventsQueue(topicArn, queue.url, queue.facts);
  return [...subscribed, ...taken];
}

/** The queue of the events; `undefined` where none is configured or it can't be read. */
async function eventsQueue(
  context: Context,
): Promise<{ readonly url: string; readonly facts: QueueFacts } | undefined> {
  const { eventsQueue: named } = context.settings.ses;
  if (named === undefined) return undefined;
  const { url } = chosenQueue(context.settings, named);
  const client = await context.sqs();
  const address = { client, queueUrl: url, callTimeoutMs: CALL_TIMEOUT_MS };
  const facts = await readQueueFacts(address).catch(() => "denied" as const);
  return facts === "denied" ? undefined : { url, facts };
}

async function readSubscriptions(
  client: SNSClient,
  topicArn: string,
): Promise<readonly TopicSubscription[]> {
  const found: Subscription[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(
      new ListSubscriptionsByTopicCommand({ TopicArn: topicArn, NextToken }),
    );
    found.push(...(page.Subscriptions ?? []));
    NextToken = page.NextToken;
  } while (NextToken !== undefined && NextToken !== "");
  return Promise.all(
    found.map(async ({ SubscriptionArn = "", Protocol = "", Endpoint = "" }) => ({
      ...{ arn: SubscriptionArn, protocol: Protocol, endpoint: Endpoint },
      filterPolicy: await filterOf(client, SubscriptionArn),
    })),
  );
}

/** Absent where there is none, or where it may not be read. */
async function filterOf(client: SNSClient, arn: string): Promise<string | undefined> {
  if (!arn.startsWith("arn:")) return undefined;
  const command = new GetSubscriptionAttributesCommand({ SubscriptionArn: arn });
  const answer = await client.send(command).catch(() => undefined);
  const policy = answer?.Attributes?.["FilterPolicy"];
  return policy === undefined || policy === "" || policy === "{}" ? undefined : policy;
}
