import { SendMessageCommand, SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import type { MessageQueue } from "@exactly-once/core";
import type { QueueMessage } from "@exactly-once/core/ports";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { runningOut } from "../../../../scripts/test-time.js";
import { NOTE_ATTRIBUTE, readNote } from "./dead-letter-note.js";
import {
  sqsError,
  sqsOk,
  startFakeSqs,
  type FakeAnswer,
  type FakeSqs,
} from "../fixtures/fake-sqs.fixture.js";
import { startLocalSqs, type LocalSqs } from "../fixtures/local-sqs.fixture.js";
import { sqsQueue } from "../queue/queue.js";

const reason = { code: "invalid", text: "no trainee id", attemptIds: ["k-email-o-1-1"] };
const failed = (text: string) => ({ failed: expect.stringContaining(text) as string });
const denied = (text: string) => ({ denied: expect.stringContaining(text) as string });

async function receiveOne(queue: MessageQueue): Promise<QueueMessage> {
  const [message] = await queue.receive({ max: 1, visibilityMs: 30_000, waitMs: 0 });
  if (message === undefined) throw new Error("nothing to receive");
  return message;
}

describe("a dead letter", () => {
  let sqs: LocalSqs;
  beforeAll(async () => {
    sqs = await startLocalSqs();
  });
  afterAll(() => sqs.close());

  it("keeps every attribute, of whatever type", async () => {
    const { queueUrl, deadLetterQueueUrl } = await sqs.createPair({ fifo: false });
    const queue = sqsQueue({ client: sqs.client, queueUrl });
    const MessageAttributes = {
      kind: { DataType: "String", StringValue: "form" },
      size: { DataType: "Number.int", StringValue: "7" },
      raw: { DataType: "Binary.png", BinaryValue: Uint8Array.of(0, 255, 1) },
    };
    await sqs.client.send(
      new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: "{", MessageAttributes }),
    );
    const message = await receiveOne(queue);
    expect(await queue.deadLetter(message, reason)).toBe("copied");
    const [copy] = await sqs.peek(deadLetterQueueUrl);
    expect(copy?.native).toMatchObject({ messageAttributes: MessageAttributes });
    expect(copy && readNote(copy)).toEqual({
      ...reason,
      sourceArn: await sqs.arnOf(queueUrl),
      originalMessageId: message.id,
      receiveCount: 1,
      sentAt: message.sentAt,
    });
  });

  it("carries a reason that holds any text", async () => {
    const { queueUrl, deadLetterQueueUrl } = await sqs.createPair({ fifo: false });
    const queue = sqsQueue({ client: sqs.client, queueUrl });
    await sqs.client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: "{" }));
    const text = 'at "\u0000\uFFFF🩺\uD800"';
    expect(await queue.deadLetter(await receiveOne(queue), { ...reason, text })).toBe("copied");
    const [copy] = await sqs.peek(deadLetterQueueUrl);
    expect(copy && readNote(copy)?.text).toBe(text);
  });

  it("replaces the note of an earlier dead-lettering, also with ten attributes", async () => {
    const { queueUrl, deadLetterQueueUrl } = await sqs.createPair({ fifo: false });
    const queue = sqsQueue({ client: sqs.client, queueUrl });
    const others = Array.from({ length: 9 }, (_, i) => [`a${i}`, "v"]);
    const attributes = Object.fromEntries([...others, [NOTE_ATTRIBUTE, "old"]]) as object;
    const message = { id: "m", handle: "h", body: "b", sentAt: 1, receiveCount: 2 };
    const redriven = { ...message, attributes: attributes as Record<string, string> };
    expect(await queue.deadLetter(redriven, reason)).toBe("copied");
    const [copy] = await sqs.peek(deadLetterQueueUrl);
    expect(copy && readNote(copy)).toMatchObject({ code: "invalid", receiveCount: 2 });
  });

  it("can't be made without a redrive policy, and can as soon as there is a queue", async () => {
    const queueUrl = await sqs.createQueue("lonely");
    const message = { id: "m", handle: "h", body: "b", attributes: {}, sentAt: 1, receiveCount: 1 };
    const lonely = sqsQueue({ client: sqs.client, queueUrl });
    expect(await lonely.deadLetter(message, reason)).toEqual(denied("no redrive policy"));
    expect(await lonely.describe()).not.toHaveProperty("deadLetter");
    expect(await lonely.describe()).not.toHaveProperty("unreadable");
    const deadLetterQueueUrl = await sqs.createQueue("found");
    const queue = sqsQueue({ client: sqs.client, queueUrl, deadLetterQueueUrl });
    expect(await queue.deadLetter(message, reason)).toBe("copied");
    expect((await queue.describe()).deadLetter?.name).toBe("found");
    const deadLetterTargetArn = await sqs.arnOf(deadLetterQueueUrl);
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 3 });
    await sqs.client.send(
      new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { RedrivePolicy } }),
    );
    expect(await lonely.deadLetter(message, reason)).toBe("copied");
  });
});

describe("a dead letter on the wire", () => {
  let sqs: FakeSqs;
  beforeEach(async () => {
    sqs = await startFakeSqs("orders.fifo");
  });
  afterEach(() => sqs.close());

  const message: QueueMessage = {
    id: "source-id",
    handle: "h",
    body: "{}",
    attributes: {},
    groupId: "trainee-1",
    sentAt: 1,
    receiveCount: 1,
    native: { messageAttributes: {}, traceHeader: "Root=1-5759e988" },
  };
  const sends = () => sqs.requests.filter(({ action }) => action === "SendMessage");
  const open = (options = {}) => {
    const deadLetterQueueUrl = sqs.queueUrl.replace("orders", "dead");
    return sqsQueue({ client: sqs.client, queueUrl: sqs.queueUrl, deadLetterQueueUrl, ...options });
  };

  it("has the source's message id for deduplication, its group and its trace", async () => {
    expect(await open().deadLetter(message, reason)).toBe("copied");
    expect(sends()[0]?.input).toMatchObject({
      MessageDeduplicationId: "source-id",
      MessageGroupId: "trainee-1",
      MessageSystemAttributes: {
        AWSTraceHeader: { DataType: "String", StringValue: "Root=1-5759e988" },
      },
    });
  });

  it("has a shorter reason where the full one doesn't fit, and none of it is silent", async () => {
    const long = { ...reason, text: "x".repeat(1_000) };
    const roomy = { ...message, body: "b".repeat(1_048_576 - 700) };
    expect(await open().deadLetter(roomy, long)).toBe("copied");
    const note = sends()[0]?.input["MessageAttributes"] as
      Record<string, { StringValue: string }> | undefined;
    expect(JSON.parse(note?.[NOTE_ATTRIBUTE]?.StringValue ?? "")).toMatchObject({
      code: "invalid",
      text: "x".repeat(100),
      originalMessageId: "source-id",
    });
  });

  it("is copied without a reason where there is no room for the shortest", async () => {
    const full = { ...message, body: "b".repeat(1_048_576) };
    expect(await open().deadLetter(full, reason)).toBe("copied");
    expect(sends()).toHaveLength(1);
    expect(sends()[0]?.input).toMatchObject({
      MessageBody: full.body,
      MessageAttributes: {},
      MessageDeduplicationId: "source-id",
    });
  });

  it("can't be made where the dead-letter queue itself takes less", async () => {
    sqs.answer(({ action }) =>
      action === "SendMessage"
        ? sqsError(
            "InvalidParameterValue",
            "One or more parameters are invalid. Reason: Message must be shorter than 262144 bytes.",
          )
        : { json: {} },
    );
    expect(await open().deadLetter(message, reason)).toEqual(denied("MaximumMessageSize"));
    // The note at three lengths, and the message alone.
    expect(sends()).toHaveLength(4);
  });

  it.each<readonly [string, FakeAnswer, RegExp]>([
    ["a permission", sqsError("AccessDenied", "no", { status: 403 }), /dead.fifo.*grant the role/],
    ["the key", sqsError("KmsAccessDenied", "no"), /dead.fifo.*grant the role.*its key/],
    ["the queue", sqsError("QueueDoesNotExist", "gone"), /dead.fifo.*no such queue/],
    ["anything else", sqsError("UnsupportedOperation", "no"), /dead.fifo.*UnsupportedOperation/],
  ])("waits for somebody to mend %s, and says what", async (_, refusal, text) => {
    const queue = open();
    sqs.answer(({ action }) => (action === "SendMessage" ? refusal : { json: {} }));
    expect(await queue.deadLetter(message, reason)).toEqual({
      denied: expect.stringMatching(text) as string,
    });
    sqs.answer((request) => (request.action === "SendMessage" ? sqsOk(request) : { json: {} }));
    expect(await queue.deadLetter(message, reason)).toBe("copied");
  });

  it("has failed where SQS refuses it for now, and rejects where nobody knows", async () => {
    const queue = open();
    sqs.answer(({ action }) =>
      action === "SendMessage" ? sqsError("RequestThrottled", "slow down") : { json: {} },
    );
    expect(await queue.deadLetter(message, reason)).toEqual(failed("RequestThrottled"));
    sqs.answer(() => ({ json: {} }));
    const unavailable = { code: "QUEUE_UNAVAILABLE" };
    await expect(queue.deadLetter(message, reason)).rejects.toMatchObject(unavailable);
    sqs.answer(() => "hang");
    const asked = sends().length;
    const unanswered = runningOut(() => queue.deadLetter(message, reason), {
      ms: 10_000,
      once: () => sends().length > asked,
    });
    await expect(unanswered).rejects.toMatchObject(unavailable);
  });
});

describe("the description of a queue", () => {
  let sqs: FakeSqs;
  beforeEach(async () => {
    sqs = await startFakeSqs("orders.fifo");
  });
  afterEach(() => sqs.close());

  const denial = sqsError("AccessDenied", "no", { status: 403 });

  it("is read once", async () => {
    sqs.answer(() => ({
      json: {
        Attributes: {
          VisibilityTimeout: "30",
          MessageRetentionPeriod: "345600",
          RedrivePolicy: `{"deadLetterTargetArn":"arn:aws:sqs:eu-west-2:1:dead.fifo","maxReceiveCount":"5"}`,
        },
      },
    }));
    const queue = sqsQueue({ client: sqs.client, queueUrl: sqs.queueUrl });
    const expected = {
      name: "orders.fifo",
      fifo: true,
      visibilityMs: 30_000,
      retentionMs: 345_600_000,
      deadLetter: { name: "dead.fifo", maxReceiveCount: 5 },
    };
    expect(await Promise.all([queue.describe(), queue.describe()])).toEqual([expected, expected]);
    expect(sqs.requests).toHaveLength(1);
  });

  it("does without what it may not read", async () => {
    sqs.answer(() => denial);
    const queue = sqsQueue({ client: sqs.client, queueUrl: sqs.queueUrl });
    expect(await queue.describe()).toEqual({
      name: "orders.fifo",
      fifo: true,
      unreadable: expect.stringContaining("grant sqs:GetQueueAttributes") as string,
    });
    const message = { id: "m", handle: "h", body: "b", attributes: {}, sentAt: 1, receiveCount: 1 };
    expect(await queue.deadLetter(message, reason)).toEqual(denied("grant sqs:GetQueueAttributes"));
  });

  it("is asked for again after a failure", async () => {
    sqs.answer(() => "reset");
    const queue = sqsQueue({ client: sqs.client, queueUrl: sqs.queueUrl });
    await expect(queue.describe()).rejects.toMatchObject({ code: "QUEUE_UNAVAILABLE" });
    sqs.answer(() => ({ json: { Attributes: {} } }));
    expect((await queue.describe()).fifo).toBe(true);
  });

  it("finds the dead-letter queue's URL without the permission to ask for it", async () => {
    const policy = {
      deadLetterTargetArn: "arn:aws:sqs:eu-west-2:999:dead.fifo",
      maxReceiveCount: 5,
    };
    sqs.answer((request) => {
      if (request.action === "GetQueueUrl") return denial;
      if (request.action === "SendMessage") return sqsOk(request);
      return { json: { Attributes: { RedrivePolicy: JSON.stringify(policy) } } };
    });
    const queue = sqsQueue({ client: sqs.client, queueUrl: sqs.queueUrl });
    const message = { id: "m", handle: "h", body: "b", attributes: {}, sentAt: 1, receiveCount: 1 };
    expect(await queue.deadLetter(message, reason)).toBe("copied");
    expect(sqs.requests.at(-1)?.input["QueueUrl"]).toBe(`${sqs.endpoint}/999/dead.fifo`);
  });
});
