import { SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { inspectQueue, type Finding, type InspectQueueOptions } from "./doctor.js";
import { sqsError, startFakeSqs } from "../fixtures/fake-sqs.fixture.js";
import { startLocalSqs, type LocalSqs } from "../fixtures/local-sqs.fixture.js";

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

  async function inspect(
    deployed: {
      source?: Record<string, string>;
      dead?: Record<string, string>;
      deadName?: string;
      maxReceiveCount?: number;
    },
    options: Partial<InspectQueueOptions> = {},
  ) {
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
        maxReceiveCount: deployed.maxReceiveCount ?? 10,
      }),
    });
    return inspectQueue({ client: sqs.client, queueUrl, maxProcessingMs: 600_000, ...options });
  }

  it("finds nothing wrong with a sound deployment", async () => {
    const findings = await inspect({}, { holdForMs: DAY_S * 1_000, ownReceiveLimit: 8 });
    expect(findings.filter(({ severity }) => severity !== "ok")).toEqual([]);
    expect(codes(findings, "ok")).toContain("visibility");
  });

  it("tells of a short default visibility, which can't hurt this consumer", async () => {
    const findings = await inspect({ source: { VisibilityTimeout: "30" } });
    expect(codes(findings, "ok")).toContain("visibility-default-short");
  });

  it.each<[string, Finding["severity"], Parameters<typeof inspect>]>([
    ["processing-over-12h", "error", [{}, { maxProcessingMs: 13 * 3_600_000 }]],
    ["hold-outlives-retention", "error", [{}, { holdForMs: 3 * DAY_S * 1_000 }]],
    ["receive-budget", "error", [{ maxReceiveCount: 5 }, { ownReceiveLimit: 5 }]],
    ["receive-budget-low", "warning", [{ maxReceiveCount: 2 }]],
    ["done-retention", "error", [{}, { doneRetentionMs: 17 * DAY_S * 1_000 }]],
    ["dead-letter-retention", "warning", [{ dead: { MessageRetentionPeriod: String(4 * DAY_S) } }]],
    ["dead-letter-size", "warning", [{ dead: { MaximumMessageSize: "1024" } }]],
    ["fifo-content-deduplication", "warning", [{ source: { ContentBasedDeduplication: "true" } }]],
  ])("finds %s (%s)", async (code, severity, deployment) => {
    expect(codes(await inspect(...deployment), severity)).toEqual([code]);
  });

  it("finds a queue, a redrive policy or a dead-letter queue that is missing", async () => {
    const queueUrl = await sqs.createQueue("bare");
    const look = (url: string) =>
      inspectQueue({ client: sqs.client, queueUrl: url, maxProcessingMs: 1_000 });
    expect(codes(await look(queueUrl), "error")).toEqual(["redrive-policy-missing"]);
    expect(codes(await look(`${queueUrl}-not`), "error")).toEqual(["queue-missing"]);
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: `${await sqs.arnOf(queueUrl)}-gone`,
      maxReceiveCount: 10,
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

      const policy = `{"deadLetterTargetArn":"arn:aws:sqs:eu-west-2:1:dead","maxReceiveCount":10}`;
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
});
