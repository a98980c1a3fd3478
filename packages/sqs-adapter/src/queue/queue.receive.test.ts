import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { sqsError, sqsMessage, startFakeSqs, type FakeSqs } from "../fixtures/fake-sqs.fixture.js";
import { testClient } from "../fixtures/local-sqs.fixture.js";
import { sqsQueue } from "./queue.js";

const request = { max: 10, visibilityMs: 30_000, waitMs: 0 };

describe("a receive", () => {
  let sqs: FakeSqs;
  beforeEach(async () => {
    sqs = await startFakeSqs("orders.fifo");
  });
  afterEach(() => sqs.close());

  const open = (options = {}) =>
    sqsQueue({ client: sqs.client, queueUrl: sqs.queueUrl, ...options });
  const polls = () => sqs.requests.map(({ input }) => input["WaitTimeSeconds"]);

  it("always says how long the messages are to be hidden, in whole seconds, rounded up", async () => {
    const queue = open();
    for (const visibilityMs of [30_000, 1_001, 1, 0]) {
      await queue.receive({ ...request, visibilityMs });
    }
    expect(sqs.requests.map(({ input }) => input["VisibilityTimeout"])).toEqual([30, 2, 1, 0]);
  });

  it("brings all that a copy will need, and drops what the SDK could not read", async () => {
    const Body = "{}";
    const attributes = `{"kind":{"DataType":"String","StringValue":"form"},
      "raw":{"DataType":"Binary","BinaryValue":"AQI="},
      "__proto__":{"DataType":"String","StringValue":"x"}}`;
    sqs.answer(() => ({
      json: {
        Messages: [
          sqsMessage({
            Body,
            Attributes: {
              MessageGroupId: "g",
              SentTimestamp: "1700000000000",
              ApproximateReceiveCount: "4",
              AWSTraceHeader: "Root=1-5759e988",
            },
            MessageAttributes: JSON.parse(attributes) as unknown,
          }),
        ],
      },
    }));
    const [message] = await open().receive(request);
    expect(message).toMatchObject({
      id: "m-1",
      handle: "h-1",
      body: Body,
      groupId: "g",
      sentAt: 1_700_000_000_000,
      receiveCount: 4,
      native: {
        traceHeader: "Root=1-5759e988",
        messageAttributes: { raw: { BinaryValue: Uint8Array.of(1, 2) } },
      },
    });
    expect(message?.attributes).toEqual({ kind: "form" });
    expect(sqs.requests[0]?.input).toMatchObject({ MessageAttributeNames: ["All"] });
  });

  it("splits a long poll, so that it can stop soon without aborting a request", async () => {
    await open({ stopWithinMs: 4_000 }).receive({ ...request, waitMs: 10_000 });
    expect(polls()).toEqual([4, 4, 2]);
  });

  it("polls for five seconds at a time by default, however long the queue stays empty", async () => {
    const queue = open();
    for (let round = 0; round < 3; round += 1) await queue.receive({ ...request, waitMs: 20_000 });
    expect(polls()).toEqual(Array.from({ length: 12 }, () => 5));
  });

  it("never asks SQS for more than 20 seconds", async () => {
    await open({ stopWithinMs: 20_000 }).receive({ ...request, waitMs: 60_000 });
    expect(polls()).toEqual([20]);
  });

  it.each([
    [
      { stopWithinMs: 30_000 },
      /sqsQueue: stopWithinMs is 30000; give whole milliseconds from 1,000 to 20,000/,
    ],
    [{ stopWithinMs: Number.NaN }, /stopWithinMs is NaN/],
    [{ callTimeoutMs: 0 }, /sqsQueue: callTimeoutMs is 0; give whole milliseconds from 1/],
    [{ queueUrl: "orders.fifo" }, /sqsQueue: queueUrl is "orders.fifo"; give the queue's URL/],
    [{ deadLetterQueueUrl: "arn:aws:sqs:eu-west-2:1:d" }, /deadLetterQueueUrl is "arn:aws/],
  ])("says which setting can't be: %j", (options, text) => {
    expect(() => open(options)).toThrow(text);
  });

  it("returns what the poll under way brings although it was told to stop", async () => {
    const stop = new AbortController();
    sqs.answer(() => {
      stop.abort();
      return { json: { Messages: [sqsMessage({ Body: "late" })] } };
    });
    const messages = await open().receive({ ...request, waitMs: 20_000, signal: stop.signal });
    expect(messages.map(({ body }) => body)).toEqual(["late"]);
  });

  it("asks no more once it was told to stop", async () => {
    const stop = new AbortController();
    sqs.answer(() => {
      stop.abort();
      return { json: {} };
    });
    const waiting = { ...request, waitMs: 20_000, signal: stop.signal };
    expect(await open().receive(waiting)).toEqual([]);
    expect(await open().receive(waiting)).toEqual([]);
    expect(sqs.requests).toHaveLength(1);
  });

  it("lets the SDK's retry find on a FIFO queue what a lost answer had hidden", async () => {
    const client = testClient(sqs.endpoint, { maxAttempts: 2 });
    sqs.answer(() =>
      sqs.requests.length === 1 ? sqsError("InternalError", "", { status: 500 }) : { json: {} },
    );
    const queue = sqsQueue({ client, queueUrl: sqs.queueUrl });
    await queue.receive(request);
    await queue.receive(request);
    const [first, retry, second] = sqs.requests.map((r) => r.input["ReceiveRequestAttemptId"]);
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(retry).toBe(first);
    expect(second).not.toBe(first);
  });

  it("outlasts a request timeout of the client that is shorter than the poll", async () => {
    const client = testClient(sqs.endpoint, {
      requestHandler: { requestTimeout: 50, throwOnRequestTimeout: true },
    });
    sqs.answer(() => ({ json: {}, delayMs: 200 }));
    const queue = sqsQueue({ client, queueUrl: sqs.queueUrl });
    expect(await queue.receive({ ...request, waitMs: 1_000 })).toEqual([]);
  });

  it("polls for less than the client lets its sockets idle", async () => {
    const client = testClient(sqs.endpoint, {
      requestHandler: { socketTimeout: 4_000 },
    });
    const queue = sqsQueue({ client, queueUrl: sqs.queueUrl });
    await queue.describe();
    await queue.receive({ ...request, waitMs: 5_000 });
    expect(polls().slice(1)).toEqual([3, 2]);
  });
});
