import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CreateQueueCommand } from "@aws-sdk/client-sqs";
import { DEFAULT_RETENTION_MS } from "@exactly-once/core/ports";
import {
  inspectQueue,
  judgeEventDestinations,
  judgeSubscriptions,
} from "@exactly-once/sqs-adapter";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { snippetsOf } from "../../../scripts/snippets.mjs";
import { readConfig } from "./config.js";
import { startLocalStack, type LocalStack } from "./local/stack.js";

const path = fileURLToPath(new URL("../infrastructure/template.yaml", import.meta.url));
const text = readFileSync(path, "utf8");

type Properties = Readonly<Record<string, unknown>>;

/** CloudFormation's own tags are left out: `!GetAtt X.Arn` reads as `X.Arn`. */
const { Resources } = parse(text, { logLevel: "silent" }) as {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties: Properties }>
  >;
};

const ofType = (type: string) =>
  Object.entries(Resources).flatMap(([name, { Type, Properties: properties }]) =>
    Type === type ? [[name, properties] as const] : [],
  );

interface Statement {
  readonly Sid: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

/** What a role may do, by its logical name. */
function statementsOf(role: string): readonly Statement[] {
  const policies = Resources[role]?.Properties["Policies"] as
    | readonly { readonly PolicyDocument: { readonly Statement: readonly Statement[] } }[]
    | undefined;
  return (policies ?? []).flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

const actionsOf = (statements: readonly Pick<Statement, "Action">[]) =>
  [...new Set(statements.flatMap(({ Action }) => Action))].sort();

describe("the queues, made as the template says", () => {
  let stack: LocalStack;
  const urls = new Map<string, string>();

  beforeAll(async () => {
    stack = await startLocalStack();
    const queues = [...ofType("AWS::SQS::Queue")];
    // Those that are named by a redrive policy come first.
    queues.sort(([, a], [, b]) => Number("RedrivePolicy" in a) - Number("RedrivePolicy" in b));
    for (const [name, properties] of queues) urls.set(name, await create(name, properties));
  });
  afterAll(() => stack.close());

  async function create(name: string, properties: Properties): Promise<string> {
    const { QueueName: _name, RedrivePolicy, ...rest } = properties;
    const fifo = rest["FifoQueue"] === true;
    const redrive = RedrivePolicy as { deadLetterTargetArn: string; maxReceiveCount: number };
    const target = urls.get(redrive?.deadLetterTargetArn.replace(".Arn", "") ?? "");
    const Attributes = {
      ...Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, String(value)])),
      ...(target === undefined
        ? {}
        : {
            RedrivePolicy: JSON.stringify({
              ...redrive,
              deadLetterTargetArn: await stack.queues.arnOf(target),
            }),
          }),
    };
    const QueueName = fifo ? `${name}.fifo` : name;
    const made = await stack.queues.client.send(new CreateQueueCommand({ QueueName, Attributes }));
    return made.QueueUrl ?? "";
  }

  it.each(["FormUpdatedQueue", "CredentialRevokedQueue", "SesEventsQueue"])(
    "%s has nothing for the doctor to find",
    async (name) => {
      const { holdForMs } = readConfig(stack.env);
      const findings = await inspectQueue({
        ...{ client: stack.queues.client, queueUrl: urls.get(name) ?? "", holdForMs },
        // The pipelines' own.
        maxProcessingMs: 10 * 60_000,
        doneRetentionMs: DEFAULT_RETENTION_MS,
      });
      expect(findings.filter(({ severity }) => severity !== "ok")).toEqual([]);
      expect(findings.length).toBeGreaterThan(3);
    },
  );

  it("take what the topic sends, and the topic all that is needed", async () => {
    const [[, destination] = []] = ofType("AWS::SES::ConfigurationSetEventDestination");
    const { MatchingEventTypes: events } = destination?.["EventDestination"] as {
      readonly MatchingEventTypes: readonly string[];
    };
    const topicArn = "arn:aws:sns:eu-west-2:123456789012:ses-events";
    const queueArn = await stack.queues.arnOf(urls.get("SesEventsQueue") ?? "");
    const published = [{ name: "exactly-once", enabled: true, events, topicArn }];
    const subscribed = [{ arn: `${topicArn}:1`, protocol: "sqs", endpoint: queueArn }];
    const findings = [
      ...judgeEventDestinations("notifications", published),
      ...judgeSubscriptions(topicArn, subscribed, queueArn),
    ];
    expect(findings.filter(({ severity }) => severity !== "ok")).toEqual([]);
    expect(JSON.stringify(Resources["SesEventsSubscription"])).not.toContain("FilterPolicy");
  });

  it("are encrypted, outlive the stack, and each names its dead letters", () => {
    const queues = Object.entries(Resources).filter(([, { Type }]) => Type === "AWS::SQS::Queue");
    for (const [name, resource] of queues) {
      expect([name, resource.Properties["SqsManagedSseEnabled"]]).toEqual([name, true]);
      expect(resource).toMatchObject({ DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
      expect("RedrivePolicy" in resource.Properties).toBe(!name.endsWith("DeadLetters"));
    }
  });
});

describe("a role's policy", () => {
  const guide = readFileSync(
    new URL("../../../docs/guides/permissions.md", import.meta.url),
    "utf8",
  );
  /** That the guide's are what the code calls, `scripts/permissions.test.ts` holds. */
  const inGuide = (policy: string) => {
    const [snippet] = snippetsOf(guide).filter(({ file }) => file === policy);
    return actionsOf((JSON.parse(snippet?.text ?? "") as { Statement: Statement[] }).Statement);
  };

  it("allows the service what the code calls, its walk of the pool included", () => {
    const walk = readFileSync(new URL("cognito/cognito-source.ts", import.meta.url), "utf8");
    expect(walk).toContain("ListUsersCommand");
    expect(actionsOf(statementsOf("ServiceRole"))).toEqual(
      [...inGuide("service"), "cognito-idp:ListUsers"].sort(),
    );
  });

  it.each(["operator", "doctor"])("allows the %s what its commands call", (who) => {
    const role = `${who[0]?.toUpperCase()}${who.slice(1)}Role`;
    expect(actionsOf(statementsOf(role))).toEqual(inGuide(who));
  });

  it("names resources wherever AWS can tell them apart", () => {
    const everything = ["ServiceRole", "OperatorRole", "DoctorRole"].flatMap((role) =>
      statementsOf(role)
        .filter(({ Resource }) => [Resource].flat().includes("*"))
        .flatMap(({ Action }) => Action),
    );
    // IAM knows no resource of the first, and of the doctor's none that is known beforehand.
    expect(everything).toEqual([
      "ses:GetAccount",
      "ses:GetSendQuota",
      "ses:GetIdentityVerificationAttributes",
      "ses:DescribeConfigurationSet",
      "lambda:ListEventSourceMappings",
      "lambda:GetFunctionConfiguration",
      "lambda:GetFunctionConcurrency",
    ]);
    for (const role of ["ServiceRole", "OperatorRole", "DoctorRole"]) {
      expect(actionsOf(statementsOf(role)).join()).not.toContain("*");
    }
  });
});

describe("alarms and dashboard", () => {
  it("ring for what somebody has to look at", () => {
    expect(ofType("AWS::CloudWatch::Alarm").map(([name]) => name)).toEqual([
      "FormUpdatedDeadLettersAlarm",
      "CredentialRevokedDeadLettersAlarm",
      "SesEventsDeadLettersAlarm",
      "OldestMessageAlarm",
      "UnknownAlarm",
      "DuplicatesProvenAlarm",
      "LostLeasesAlarm",
      "UserCacheAgeAlarm",
    ]);
  });

  it("read metrics and attributes that the service has", () => {
    const folder = new URL("../../../packages/opentelemetry/src/", import.meta.url);
    const sources = readdirSync(folder)
      .filter((file) => !/\.(test|fixture)\.ts$/.test(file))
      .map((file) => readFileSync(new URL(file, folder), "utf8"))
      .join("\n");
    const named = [...text.matchAll(/exactly_once[\w.]+/g)].map(([name]) => name);
    expect(named.length).toBeGreaterThan(8);
    for (const name of named) expect(sources).toContain(`"${name}"`);
  });

  it("show a dashboard that is JSON", () => {
    const [[, dashboard] = []] = ofType("AWS::CloudWatch::Dashboard");
    const { widgets } = JSON.parse(String(dashboard?.["DashboardBody"])) as { widgets: unknown[] };
    expect(widgets).toHaveLength(4);
  });
});

it("cfn-lint finds nothing, where it is installed", ({ skip }) => {
  const found = spawnSync("cfn-lint", [path], { encoding: "utf8" });
  skip(found.error !== undefined, "cfn-lint isn't installed: pip install cfn-lint");
  expect(found.stdout + found.stderr).toBe("");
  expect(found.status).toBe(0);
});
