import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import { describe, expect, it } from "vitest";

import { fromLambdaRecord, lambdaBatchResponse } from "./lambda.js";

const record: SQSRecord = {
  messageId: "m-1",
  receiptHandle: "h-1",
  body: "{}",
  attributes: {
    ApproximateReceiveCount: "3",
    SentTimestamp: "1700000000000",
    SenderId: "AIDA",
    ApproximateFirstReceiveTimestamp: "1700000000001",
    MessageGroupId: "trainee-1",
    AWSTraceHeader: "Root=1-5759e988",
  },
  messageAttributes: {
    kind: { dataType: "String", stringValue: "form", stringListValues: [], binaryListValues: [] },
    raw: { dataType: "Binary", binaryValue: "AP8B" },
  },
  md5OfBody: "",
  eventSource: "aws:sqs",
  eventSourceARN: "arn:aws:sqs:eu-west-2:123456789012:orders.fifo",
  awsRegion: "eu-west-2",
};

describe("a Lambda function's SQS event", () => {
  it("becomes queue messages that can be copied whole", () => {
    expect(fromLambdaRecord(record)).toEqual({
      id: "m-1",
      handle: "h-1",
      body: "{}",
      attributes: { kind: "form" },
      groupId: "trainee-1",
      sentAt: 1_700_000_000_000,
      receiveCount: 3,
      native: {
        traceHeader: "Root=1-5759e988",
        messageAttributes: {
          kind: { DataType: "String", StringValue: "form" },
          raw: { DataType: "Binary", BinaryValue: Buffer.from([0, 255, 1]) },
        },
      },
    });
  });

  it("is answered with everything that isn't settled, so that nothing is deleted by accident", () => {
    const messages = ["a", "b", "c"].map((messageId) => fromLambdaRecord({ ...record, messageId }));
    const response: SQSBatchResponse = lambdaBatchResponse(messages, new Set(["b"]));
    expect(response).toEqual({
      batchItemFailures: [{ itemIdentifier: "a" }, { itemIdentifier: "c" }],
    });
  });
});
