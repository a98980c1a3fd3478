import { describe, expect, it } from "vitest";

import {
  judgeEventDestinations,
  judgeEventsQueue,
  judgeSubscriptions,
} from "./events-route-rules.js";
import type { Finding } from "./finding.js";

const topicArn = "arn:aws:sns:eu-west-2:123456789012:ses-events";
const arn = "arn:aws:sqs:eu-west-2:123456789012:ses-events";
const queueUrl = "https://sqs.eu-west-2.amazonaws.com/123456789012/ses-events";
const told = (findings: readonly Finding[]) =>
  findings.map(({ severity, code }) => `${severity} ${code}`);

describe("a configuration set", () => {
  const destination = { name: "events", enabled: true, topicArn };
  it.each([
    [[{ ...destination, events: [] }], "ok ses-events"],
    [[{ ...destination, events: ["Send", "delivery", "bounce", "reject"] }], "ok ses-events"],
    [[{ ...destination, events: ["send"] }], "warning ses-events"],
    [[{ ...destination, events: ["delivery", "bounce", "reject"] }], "error ses-events"],
    [[{ ...destination, events: [], enabled: false }], "error ses-events"],
    [[{ name: "metrics", enabled: true, events: [] }], "error ses-events"],
    [[], "error ses-events"],
  ])("publishes what is needed to a topic: %j", (destinations, expected) => {
    expect(told(judgeEventDestinations("set", destinations))).toEqual([expected]);
  });

  it("is mended in place", () => {
    expect(judgeEventDestinations("set", [{ ...destination, events: ["delivery"] }])).toMatchObject(
      [
        {
          message: "the configuration set set doesn't publish send, bounce, reject",
          mend: {
            cli: `aws ses update-configuration-set-event-destination --configuration-set-name set --event-destination '{"Name":"events","Enabled":true,"MatchingEventTypes":["send","delivery","bounce","reject","complaint","renderingFailure"],"SNSDestination":{"TopicARN":"${topicArn}"}}'`,
            cloudFormation: `Type: AWS::SES::ConfigurationSetEventDestination
Properties:
  ConfigurationSetName: set
  EventDestination:
    Name: events
    Enabled: true
    MatchingEventTypes:
      - send
      - delivery
      - bounce
      - reject
      - complaint
      - renderingFailure
    SNSDestination:
      TopicARN: ${topicArn}`,
          },
        },
      ],
    );
  });
});

describe("a topic of events", () => {
  const subscription = { arn: `${topicArn}:1`, protocol: "sqs", endpoint: arn };
  it.each([
    [[subscription], arn, "ok ses-events-subscription"],
    [[subscription], undefined, "ok ses-events-subscription"],
    [[{ ...subscription, arn: "PendingConfirmation" }], arn, "error ses-events-subscription"],
    [[{ ...subscription, endpoint: `${arn}-other` }], arn, "error ses-events-subscription"],
    [[{ ...subscription, protocol: "email" }], undefined, "error ses-events-subscription"],
    [[{ ...subscription, filterPolicy: "{}" }], arn, "warning ses-events-filter"],
  ])("brings all of them to the queue: %j", (subscriptions, queueArn, expected) => {
    expect(told(judgeSubscriptions(topicArn, subscriptions, queueArn))).toEqual([expected]);
  });
});

describe("a queue of events", () => {
  const judge = (statement: object | undefined, more: object = {}) =>
    judgeEventsQueue(topicArn, queueUrl, {
      arn,
      contentBasedDeduplication: false,
      ...(statement === undefined ? {} : { policy: JSON.stringify({ Statement: statement }) }),
      ...more,
    });
  const allow = {
    Effect: "Allow",
    Principal: { Service: "sns.amazonaws.com" },
    Action: "SQS:SendMessage",
    Resource: arn,
    Condition: { ArnLike: { "aws:SourceArn": topicArn } },
  };

  it.each([
    [allow, "ok"],
    [[{ ...allow, Action: ["sqs:*"], Condition: undefined }], "ok"],
    [{ ...allow, Principal: "*" }, "ok"],
    [{ ...allow, Resource: "arn:aws:sqs:*:123456789012:ses-*" }, "ok"],
    [{ ...allow, Condition: { StringEquals: { "AWS:SourceAccount": "123456789012" } } }, "ok"],
    [undefined, "error"],
    [{ ...allow, Principal: { Service: "events.amazonaws.com" } }, "error"],
    [{ ...allow, Action: "sqs:ReceiveMessage" }, "error"],
    [{ ...allow, Resource: `${arn}-other` }, "error"],
    [{ ...allow, Condition: { ArnEquals: { "aws:SourceArn": `${topicArn}-other` } } }, "error"],
    [{ ...allow, Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } }, "error"],
    [[allow, { ...allow, Effect: "Deny" }], "error"],
  ])("lets the topic send: %j", (statement, severity) => {
    expect(judge(statement)).toMatchObject([{ severity }]);
  });

  it("is mended by a statement more, which is then enough", () => {
    const [found] = judge({ ...allow, Action: "sqs:ReceiveMessage" });
    if (found === undefined || found.severity === "ok") throw new Error("nothing found");
    const [, attributes = ""] = /--attributes '(.*)'$/.exec(found.mend.cli ?? "") ?? [];
    const { Policy: policy } = JSON.parse(attributes) as { readonly Policy: string };
    expect(JSON.parse(policy)).toMatchObject({ Statement: [{ Action: "sqs:ReceiveMessage" }, {}] });
    expect(judge(undefined, { policy })).toMatchObject([{ severity: "ok" }]);
  });

  it("isn't encrypted by a key that SNS may not use", () => {
    expect(told(judge(allow, { kmsKey: "alias/aws/sqs" }))).toEqual(["error ses-events-queue-key"]);
    expect(told(judge(allow, { kmsKey: "alias/ours" }))).toEqual(["ok ses-events-queue"]);
  });
});
