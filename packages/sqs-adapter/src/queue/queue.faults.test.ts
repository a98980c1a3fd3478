import type { QueueMessage, QueueReply } from "@exactly-once/core/ports";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { runningOut } from "../../../../scripts/test-time.js";
import {
  sqsError,
  startFakeSqs,
  type FakeAnswer,
  type FakeSqs,
} from "../fixtures/fake-sqs.fixture.js";
import { sqsQueue } from "./queue.js";

const message = (handle: string): QueueMessage => ({
  id: "m-1",
  handle,
  body: "{}",
  attributes: {},
  sentAt: 0,
  receiveCount: 1,
});

const failed = (text: string) => ({ failed: expect.stringContaining(text) as string });

describe("what SQS answers to a batch", () => {
  let sqs: FakeSqs;
  beforeEach(async () => {
    sqs = await startFakeSqs();
  });
  afterEach(() => sqs.close());

  const open = (options = {}) =>
    sqsQueue({ client: sqs.client, queueUrl: sqs.queueUrl, ...options });
  const extend = (...handles: string[]) =>
    open().extend(handles.map((handle) => ({ message: message(handle), visibilityMs: 30_000 })));

  async function replyToEntry(error: Record<string, unknown>): Promise<QueueReply | undefined> {
    sqs.answer(() => ({ json: { Successful: [], Failed: [{ Id: "0", ...error }] } }));
    const [reply] = await extend("h");
    return reply;
  }

  it("names entries by position, so that a message may be in a batch twice", async () => {
    sqs.answer(() => ({ json: { Successful: [{ Id: "1" }, { Id: "0" }], Failed: [] } }));
    expect(await extend("old", "new")).toEqual(["ok", "ok"]);
    expect(sqs.requests[0]?.input["Entries"]).toEqual([
      { Id: "0", ReceiptHandle: "old", VisibilityTimeout: 30 },
      { Id: "1", ReceiptHandle: "new", VisibilityTimeout: 30 },
    ]);
  });

  it.each([
    "MessageNotInflight",
    "AWS.SimpleQueueService.MessageNotInflight",
    "com.amazonaws.sqs#MessageNotInflight",
    "ReceiptHandleIsInvalid",
    "com.amazonaws.sqs#ReceiptHandleIsInvalid",
  ])("takes %s for a lost delivery", async (Code) => {
    expect(await replyToEntry({ Code, SenderFault: true })).toBe("lost");
  });

  it.each([
    "Value h for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.",
    "Value h for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.",
  ])("takes InvalidParameterValue for a lost delivery: %s", async (Message) => {
    for (const Code of ["InvalidParameterValue", "InvalidParameterValueException"]) {
      expect(await replyToEntry({ Code, Message, SenderFault: true })).toBe("lost");
    }
  });

  it("tells the 12-hour limit apart, where the delivery goes on", async () => {
    const Message =
      "Value 900 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds].";
    expect(
      await replyToEntry({ Code: "InvalidParameterValue", Message, SenderFault: true }),
    ).toEqual(failed("visibilityLimit"));
  });

  it("answers at once where more than 12 hours are asked for, and asks for the rest", async () => {
    sqs.answer(() => ({ json: { Successful: [{ Id: "0" }] } }));
    const changes = [43_200_001, 43_200_000].map((visibilityMs) => ({
      message: message("h"),
      visibilityMs,
    }));
    expect(await open().extend(changes)).toEqual([failed("visibilityLimit"), "ok"]);
    expect(sqs.requests[0]?.input["Entries"]).toHaveLength(1);
  });

  it.each([
    { Code: "RequestThrottled", SenderFault: true },
    { Code: "AWS.SimpleQueueService.OverLimit", SenderFault: true },
    { Code: "InternalError", SenderFault: false },
    { Code: "InvalidParameterValue", SenderFault: false },
  ])("takes $Code with senderFault $SenderFault for a failure that may pass", async (error) => {
    expect(await replyToEntry({ ...error, Message: "why" })).toEqual(failed("why"));
  });

  it("takes an entry that is mentioned nowhere for failed, and ignores ids it didn't send", async () => {
    sqs.answer(() => ({ json: { Successful: [{ Id: "1" }, { Id: "7" }, { Id: "x" }] } }));
    expect(await extend("a", "b", "c")).toEqual([failed("noAnswer"), "ok", failed("noAnswer")]);
  });

  it("asks for each entry alone where one of them makes SQS refuse the whole call", async () => {
    sqs.answer(({ input }) => {
      const entries = input["Entries"] as { ReceiptHandle: string }[];
      return entries.some(({ ReceiptHandle }) => ReceiptHandle === "bad")
        ? sqsError("InvalidParameterValue", "Value bad for parameter ReceiptHandle is invalid.")
        : { json: { Successful: [{ Id: "0" }] } };
    });
    expect(await extend("good", "bad", "fine")).toEqual(["ok", "lost", "ok"]);
    expect(sqs.requests).toHaveLength(4);
  });

  it("acknowledges entry by entry, too", async () => {
    sqs.answer(() => ({
      json: {
        Successful: [{ Id: "0" }],
        Failed: [
          { Id: "1", Code: "ReceiptHandleIsInvalid", SenderFault: true },
          { Id: "2", Code: "InternalError", SenderFault: false, Message: "later" },
        ],
      },
    }));
    const replies = await open().acknowledge(["a", "b", "c"].map(message));
    expect(replies).toEqual(["ok", "lost", failed("later")]);
  });

  it.each<[string, FakeAnswer, object]>([
    ["500", { status: 500, json: { __type: "InternalError" } }, {}],
    ["an HTML page", { status: 503, text: "<html>" }, {}],
    ["a reset", "reset", {}],
    [
      "silence",
      "hang",
      { message: expect.stringContaining("no answer within 10000 ms") as string },
    ],
    [
      "throttling",
      {
        status: 400,
        json: { __type: "com.amazonaws.sqs#RequestThrottled", message: "slow down" },
        headers: { "retry-after": "3" },
      },
      { retryAfterMs: 3_000, message: expect.stringContaining("RequestThrottled") as string },
    ],
    [
      "a queue that doesn't exist",
      sqsError("QueueDoesNotExist", "gone", {
        queryCode: "AWS.SimpleQueueService.NonExistentQueue",
      }),
      { message: expect.stringContaining("no such queue") as string },
    ],
    [
      "a denial",
      { status: 403, json: { __type: "com.amazon.coral.service#AccessDeniedException" } },
      { message: expect.stringContaining("access denied") as string },
    ],
  ])("rejects the whole call on %s", async (_, answer, expected) => {
    sqs.answer(() => answer);
    const queue = open();
    const change = { message: message("h"), visibilityMs: 1 };
    const arrived = { ms: 10_000, once: () => sqs.requests.length > asked };
    let asked = 0;
    for (const call of [
      () => queue.extend([change]),
      () => queue.retryLater([change]),
      () => queue.acknowledge([message("h")]),
      () => queue.receive({ max: 1, visibilityMs: 1_000, waitMs: 0 }),
    ]) {
      asked = sqs.requests.length;
      await expect(
        answer === "hang" ? runningOut<unknown>(call, arrived) : call(),
      ).rejects.toMatchObject({
        code: "QUEUE_UNAVAILABLE",
        cause: expect.anything() as unknown,
        ...expected,
      });
    }
  });
});
