import { SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { sqsError, startFakeSqs } from "../fixtures/fake-sqs.fixture.js";
import { startLocalSqs, type LocalSqs } from "../fixtures/local-sqs.fixture.js";
import { judgeDeadLetters } from "./dead-letter-rules.js";
import type { Finding } from "./finding.js";
import { inspectQueue, type InspectQueueOptions } from "./inspect-queue.js";

const DAY_S = 86_400;
const codes = (findings: readonly Finding[], severity: Finding["severity"]) =>
  findings.filter((finding) => finding.severity === severity).map(({ code }) => code);

describe("the doctor", () => {
  let sqs: LocalSqs;
  let queues = 0;
  beforeAll(async () => {
    sqs = await startLocalSqs();
  });
  afterAll(() => sqs.close());

  interface Deployed {
    readonly source?: Record<string, string>;
    readonly dead?: Record<string, string>;
    readonly deadName?: string;
    readonly maxReceiveCount?: number;
  }

  async function inspect(deployed: Deployed, options: Partial<InspectQueueOptions> = {}) {
    queues += 1;
    const deadName = deployed.deadName ?? `doctor-dead-${queues}.fifo`;
    const deadUrl = await sqs.createQueue(deadName, {
      MessageRetentionPeriod: String(14 * DAY_S),
      ...deployed.dead,
    });
    const queueUrl = await sqs.createQueue(`doctor-${queues}.fifo`, {
      VisibilityTimeout: "900",
      ...deployed.source,
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: await sqs.arnOf(deadUrl),
        maxReceiveCount: deployed.maxReceiveCount ?? 100,
      }),
    });
    return inspectQueue({ client: sqs.client, queueUrl, maxProcessingMs: 600_000, ...options });
  }

  it("finds nothing wrong with a sound deployment", async () => {
    const findings = await inspect({}, { holdForMs: DAY_S * 1_000, maxTries: 8 });
    expect(findings.filter(({ severity }) => severity !== "ok")).toEqual([]);
    expect(codes(findings, "ok")).toContain("visibility");
  });

  it("tells of a short default visibility, which can't hurt our consumer", async () => {
    const findings = await inspect({ source: { VisibilityTimeout: "30" } });
    expect(codes(findings, "ok")).toContain("visibility-default-short");
  });

  it("finds the incident: 30 s of visibility, and a walk on the message path", async () => {
    const walk = { userPoolId: "eu-west-2_Trainees", users: 40_000, ms: 67_000 };
    const findings = await inspect(
      { source: { VisibilityTimeout: "30" }, maxReceiveCount: 10 },
      { consumer: "other", maxProcessingMs: 5_000, walk },
    );
    const [found, ...others] = findings.filter(({ severity }) => severity === "error");
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      code: "visibility-short",
      message: `doctor-${queues}.fifo hands a message out again after 30 s while walking the 40000 users of eu-west-2_Trainees takes about 67 s on its message path, so that its email goes out up to 10 times`,
      mend: {
        cli: expect.stringMatching(
          /^aws sqs set-queue-attributes --queue-url \S+ --attributes '\{"VisibilityTimeout":"134"\}'$/,
        ) as string,
        cloudFormation: "Type: AWS::SQS::Queue\nProperties:\n  VisibilityTimeout: 134",
      },
    });
  });

  it.each<[string, Finding["severity"], Parameters<typeof inspect>]>([
    ["processing-over-12h", "error", [{}, { maxProcessingMs: 13 * 3_600_000 }]],
    ["visibility-short", "error", [{}, { consumer: "other", maxProcessingMs: 901_000 }]],
    ["hold-outlives-retention", "error", [{}, { holdForMs: 3 * DAY_S * 1_000 }]],
    ["receive-budget", "error", [{ maxReceiveCount: 5 }, { maxTries: 5 }]],
    ["receive-budget-low", "warning", [{ maxReceiveCount: 99 }]],
    ["receive-budget-low", "warning", [{ maxReceiveCount: 999 }, { consumer: "lambda" }]],
    ["receive-budget-low", "warning", [{ maxReceiveCount: 2 }, { consumer: "other" }]],
    ["done-retention", "error", [{}, { doneRetentionMs: 17 * DAY_S * 1_000 }]],
    ["dead-letter-retention", "warning", [{ dead: { MessageRetentionPeriod: String(4 * DAY_S) } }]],
    ["dead-letter-size", "warning", [{ dead: { MaximumMessageSize: "1024" } }]],
    ["fifo-content-deduplication", "warning", [{ source: { ContentBasedDeduplication: "true" } }]],
    ["walk-on-message-path", "warning", [{}, { walk: { userPoolId: "p", users: 9, ms: 599_000 } }]],
    ["walk-on-message-path", "error", [{}, { walk: { userPoolId: "p", users: 9, ms: 600_000 } }]],
  ])("finds %s (%s), what it leads to, and a mend", async (code, severity, deployment) => {
    const findings = await inspect(...deployment);
    expect(codes(findings, severity)).toEqual([code]);
    for (const finding of findings) {
      if (finding.severity === "ok") continue;
      expect(finding.leadsTo).not.toBe("");
      expect(finding.mend.text).not.toBe("");
      // What is a setting of AWS has its command and its template.
      expect(finding.mend.cli === undefined).toBe(finding.mend.cloudFormation === undefined);
    }
  });

  it.each([
    [undefined, []],
    [{ redrivePermission: "allowAll" }, []],
    [{ redrivePermission: "byQueue", sourceQueueArns: ["arn:aws:sqs:eu-west-2:1:q"] }, []],
    [{ redrivePermission: "byQueue", sourceQueueArns: [] }, ["dead-letter-queue-refuses"]],
    [{ redrivePermission: "denyAll" }, ["dead-letter-queue-refuses"]],
  ])("finds whether the dead-letter queue lets the queue name it: %j", (allowed, expected) => {
    const arn = "arn:aws:sqs:eu-west-2:1:q";
    const redrive = { arn: `${arn}-dead`, maxReceiveCount: 100 };
    const facts = {
      contentBasedDeduplication: false,
      ...(allowed === undefined ? {} : { redriveAllowPolicy: JSON.stringify(allowed) }),
    };
    const queueUrl = "https://sqs.eu-west-2.amazonaws.com/1/q";
    const use = {
      queueUrl,
      consumer: "exactly-once",
      maxProcessingMs: 1,
      doneRetentionMs: 1,
    } as const;
    const source = { arn, contentBasedDeduplication: false, redrive };
    const dead = { queueUrl: `${queueUrl}-dead`, facts };
    expect(codes(judgeDeadLetters(source, dead, use), "warning")).toEqual(expected);
  });

  it("mends what it found: the settings it names are found sound", async () => {
    const name = `mended-${queues}.fifo`;
    const queueUrl = await sqs.createQueue(name);
    const look = async () => {
      const found = await inspectQueue({ client: sqs.client, queueUrl, maxProcessingMs: 1_000 });
      return found.flatMap((finding) => (finding.severity === "ok" ? [] : [finding]));
    };
    const [policy] = await look();
    expect(policy?.code).toBe("redrive-policy-missing");
    const [create = "", set = ""] = (policy?.mend.cli ?? "").split(" && ");
    const [, deadName = "", attributes = ""] =
      /--queue-name (\S+) --attributes '(.*)'$/.exec(create) ?? [];
    await sqs.createQueue(deadName, JSON.parse(attributes) as Record<string, string>);
    const [, Attributes = ""] = /--attributes '(.*)'$/.exec(set) ?? [];
    await sqs.client.send(
      new SetQueueAttributesCommand({
        QueueUrl: queueUrl,
        Attributes: JSON.parse(Attributes) as Record<string, string>,
      }),
    );
    expect(await look()).toEqual([]);
  });

  it("finds a queue, a redrive policy or a dead-letter queue that is missing", async () => {
    const queueUrl = await sqs.createQueue("bare");
    const look = (url: string) =>
      inspectQueue({ client: sqs.client, queueUrl: url, maxProcessingMs: 1_000 });
    expect(codes(await look(queueUrl), "error")).toEqual(["redrive-policy-missing"]);
    expect(codes(await look(`${queueUrl}-not`), "error")).toEqual(["queue-missing"]);
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: `${await sqs.arnOf(queueUrl)}-gone`,
      maxReceiveCount: 100,
    });
    await sqs.client.send(
      new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { RedrivePolicy } }),
    );
    expect(codes(await look(queueUrl), "error")).toEqual(["dead-letter-queue-missing"]);
  });

  it("finds a dead-letter queue of the other type", async () => {
    expect(codes(await inspect({ deadName: "standard-dead" }), "error")).toEqual([
      "dead-letter-queue-type",
    ]);
  });

  it("says what it may not read, and goes on", async () => {
    const fake = await startFakeSqs();
    try {
      const denial = sqsError("AccessDenied", "no", { status: 403 });
      fake.answer(() => denial);
      const options = { client: fake.client, queueUrl: fake.queueUrl, maxProcessingMs: 1_000 };
      expect(codes(await inspectQueue(options), "warning")).toEqual(["queue-unreadable"]);

      const policy = `{"deadLetterTargetArn":"arn:aws:sqs:eu-west-2:1:dead","maxReceiveCount":100}`;
      fake.answer(({ action, input }) =>
        action === "GetQueueAttributes" && input["QueueUrl"] === fake.queueUrl
          ? { json: { Attributes: { RedrivePolicy: policy } } }
          : denial,
      );
      const findings = await inspectQueue(options);
      expect(codes(findings, "warning")).toEqual(["dead-letter-queue-unreadable"]);
      expect(codes(findings, "ok")).toContain("receive-budget");
    } finally {
      await fake.close();
    }
  });

  it("names itself where an option can't be", async () => {
    const options = { client: sqs.client, queueUrl: "https://sqs.example/1/q" };
    await expect(inspectQueue({ ...options, maxProcessingMs: Number.NaN })).rejects.toThrow(
      /inspectQueue: maxProcessingMs is NaN/,
    );
  });
});
