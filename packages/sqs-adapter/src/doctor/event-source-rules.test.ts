import { describe, expect, it } from "vitest";

import { judgeEventSourceMappings, type EventSourceMapping } from "./event-source-rules.js";
import type { QueueUse } from "./queue-use.js";

const use: QueueUse = {
  queueUrl: "https://sqs.eu-west-2.amazonaws.com/1/orders.fifo",
  consumer: "lambda",
  maxProcessingMs: 20_000,
  doneRetentionMs: 1,
};
const sound: EventSourceMapping = {
  uuid: "a-uuid",
  functionName: "mailer",
  state: "Enabled",
  reportsBatchItemFailures: true,
  functionTimeoutMs: 30_000,
  maximumConcurrency: 5,
  reservedConcurrency: 5,
};
const queue = { visibilityMs: 180_000, arn: "arn:aws:sqs:eu-west-2:1:orders.fifo" };

function wrong(
  mapping: Partial<EventSourceMapping>,
  visibilityMs = queue.visibilityMs,
  more: Partial<QueueUse> = {},
) {
  const findings = judgeEventSourceMappings(
    [{ ...sound, ...mapping }],
    { ...queue, visibilityMs },
    { ...use, ...more },
  );
  return findings.flatMap((finding) => (finding.severity === "ok" ? [] : [finding]));
}

describe("an event source mapping", () => {
  it("is sound as the README has it", () => {
    expect(wrong({})).toEqual([]);
  });

  it("that doesn't report batch item failures deletes what failed", () => {
    expect(wrong({ reportsBatchItemFailures: false })).toEqual([
      {
        severity: "error",
        code: "event-source-answers",
        message: "the mapping of mailer doesn't report batch item failures",
        leadsTo: expect.stringContaining("deletes the whole batch") as string,
        mend: {
          text: "switch on partial batch responses",
          cli: "aws lambda update-event-source-mapping --uuid a-uuid --function-response-types ReportBatchItemFailures",
          cloudFormation:
            "Type: AWS::Lambda::EventSourceMapping\nProperties:\n  FunctionResponseTypes:\n    - ReportBatchItemFailures",
        },
      },
    ]);
  });

  it.each([
    [179_000, {}, "warning"],
    [29_000, {}, "error"],
    [180_000, { batchingWindowMs: 1_000 }, "warning"],
    [30_000, { batchingWindowMs: 1_000 }, "error"],
  ] as const)(
    "needs six timeouts of visibility, not %i ms with %j",
    (visibility, more, severity) => {
      expect(wrong(more, visibility)).toMatchObject([
        { severity, code: "event-source-visibility", mend: { cli: expect.anything() as string } },
      ]);
    },
  );

  it("ends handlers that may take longer than the function", () => {
    expect(wrong({}, 180_000, { maxProcessingMs: 3_600_000 })).toMatchObject([
      {
        code: "event-source-timeout",
        mend: { cli: expect.stringMatching(/--function-name mailer --timeout 900$/) as string },
      },
    ]);
  });

  it.each([
    [{ maximumConcurrency: 6 }, "asks for 6; on FIFO"],
    [{ maximumConcurrency: undefined }, "asks for as many as it likes; on FIFO"],
  ])("asks for no more than is reserved, which would be throttled: %j", (mapping, text) => {
    expect(wrong(mapping)).toMatchObject([
      {
        severity: "warning",
        code: "event-source-concurrency",
        message: expect.stringContaining(text) as string,
        mend: { cli: expect.stringContaining(`'{"MaximumConcurrency":5}'`) as string },
      },
    ]);
    expect(wrong({ maximumConcurrency: undefined, reservedConcurrency: undefined })).toEqual([]);
  });

  it("that is disabled sends nothing, and one that filters deletes unread", () => {
    expect(wrong({ state: "Disabled", hasFilter: true }).map(({ code }) => code)).toEqual([
      "event-source-disabled",
      "event-source-filter",
    ]);
  });

  it("is missing, or reads beside a consumer", () => {
    expect(judgeEventSourceMappings([], queue, use)).toMatchObject([
      {
        code: "event-source-mapping-missing",
        mend: { cli: expect.stringContaining(queue.arn) as string },
      },
    ]);
    expect(wrong({}, 180_000, { consumer: "exactly-once" })).toMatchObject([
      { severity: "error", code: "event-source-mapping-unexpected" },
    ]);
    expect(judgeEventSourceMappings([], queue, { ...use, consumer: "other" })).toEqual([]);
  });
});
