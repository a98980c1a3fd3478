import { SendMessageCommand } from "@aws-sdk/client-sqs";
import type { QueueMessage } from "@exactly-once/core/ports";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { sqsError, sqsOk, startFakeSqs } from "../fixtures/fake-sqs.fixture.js";
import { startLocalSqs, type LocalSqs } from "../fixtures/local-sqs.fixture.js";
import { sqsQueue } from "../queue/queue.js";
import { readDeadLetters, redriveMessage, returnDeadLetters, type DeadLetter } from "./redrive.js";

const reason = { code: "permanent", text: "no such trainee", attemptIds: [] };

describe("an operator's redrive", () => {
  let sqs: LocalSqs;
  beforeAll(async () => {
    sqs = await startLocalSqs({ waits: false });
  });
  afterAll(() => sqs.close());

  /** A FIFO queue whose one message was dead-lettered by us. */
  async function deadLettered(attributes: Record<string, string> = {}) {
    const pair = await sqs.createPair({ fifo: true, attributes });
    const { queueUrl } = pair;
    const queue = sqsQueue({ client: sqs.client, queueUrl });
    await sqs.client.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: `{"a":1}`,
        MessageGroupId: "trainee-1",
        MessageAttributes: {
          kind: { DataType: "String", StringValue: "form" },
          "exactly-once-edition": { DataType: "String", StringValue: "bounces" },
        },
        ...(attributes["ContentBasedDeduplication"] ? {} : { MessageDeduplicationId: "producer" }),
      }),
    );
    const receive = () => queue.receive({ max: 10, visibilityMs: 30_000, waitMs: 0 });
    const [original] = await receive();
    await queue.deadLetter(original as QueueMessage, reason);
    await queue.acknowledge([original as QueueMessage]);
    const options = { client: sqs.client, ...pair };
    return { ...pair, options, receive, original, queue };
  }

  async function readAll(options: Parameters<typeof readDeadLetters>[0]): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for await (const page of readDeadLetters(options)) letters.push(...page);
    return letters;
  }

  it("keeps an edition, and sends back no copy that has lost or changed it", async () => {
    const { options, receive, deadLetterQueueUrl } = await deadLettered();
    const [letter] = await readAll(options);
    if (letter === undefined) throw new Error("no letter");
    expect(letter.note?.edition).toBe("bounces");
    const native = letter.message.native as { messageAttributes: object };
    const messageAttributes = { ...native.messageAttributes, "exactly-once-edition": undefined };
    const { ["exactly-once-edition"]: _, ...lost } = messageAttributes;
    const message = { ...letter.message, native: { ...native, messageAttributes: lost } };
    expect(await redriveMessage({ ...letter, message }, options)).toEqual({
      notSent: 'it was of the edition "bounces" and is of no edition now',
    });
    expect(await receive()).toEqual([]);
    await returnDeadLetters([letter], options);
    expect(await sqs.peek(deadLetterQueueUrl)).toHaveLength(1);
    const [again] = await readAll(options);
    expect(await redriveMessage(again as DeadLetter, options)).toBe("redriven");
    expect((await receive())[0]?.attributes["exactly-once-edition"]).toBe("bounces");
  });

  it("brings the message back with its group, its attributes and where it had been", async () => {
    const { options, receive, original, deadLetterQueueUrl } = await deadLettered();
    const [letter] = await readAll(options);
    expect(letter?.note).toMatchObject({ ...reason, originalMessageId: original?.id });
    expect(await redriveMessage(letter as DeadLetter, options)).toBe("redriven");
    const [back] = await receive();
    expect(back).toMatchObject({ body: `{"a":1}`, groupId: "trainee-1" });
    expect(back?.id).not.toBe(original?.id);
    expect(back?.attributes["kind"]).toBe("form");
    expect(JSON.parse(back?.attributes["exactly-once"] ?? "")).toMatchObject({
      groupId: "trainee-1",
      originalMessageId: original?.id,
    });
    expect(await sqs.peek(deadLetterQueueUrl)).toEqual([]);
  });

  it("isn't swallowed within five minutes by deduplication on the content", async () => {
    const { options, receive } = await deadLettered({ ContentBasedDeduplication: "true" });
    const [letter] = await readAll(options);
    expect(await redriveMessage(letter as DeadLetter, options)).toBe("redriven");
    expect(await receive()).toHaveLength(1);
  });

  it("survives a second dead-lettering and a second redrive within five minutes", async () => {
    const { options, receive, queue } = await deadLettered();
    for (let round = 0; round < 2; round += 1) {
      const [letter] = await readAll(options);
      expect(await redriveMessage(letter as DeadLetter, options)).toBe("redriven");
      const [back] = await receive();
      expect(await queue.deadLetter(back as QueueMessage, reason)).toBe("copied");
      await queue.acknowledge([back as QueueMessage]);
    }
    expect(await readAll(options)).toHaveLength(1);
  });

  it("brings back attributes in whose place the note stands, as they were", async () => {
    const { queueUrl, deadLetterQueueUrl } = await sqs.createPair({ fifo: false });
    const queue = sqsQueue({ client: sqs.client, queueUrl });
    const MessageAttributes = {
      ...Object.fromEntries(
        Array.from({ length: 8 }, (_, i) => [
          `a${i}`,
          { DataType: "String", StringValue: `v${i}` },
        ]),
      ),
      n: { DataType: "Number.int", StringValue: "7" },
      z: { DataType: "Binary.png", BinaryValue: Uint8Array.of(0, 255, 1) },
    };
    await sqs.client.send(
      new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: "b", MessageAttributes }),
    );
    const receive = () => queue.receive({ max: 10, visibilityMs: 30_000, waitMs: 0 });
    const [original] = await receive();
    expect(await queue.deadLetter(original as QueueMessage, reason)).toBe("copied");
    await queue.acknowledge([original as QueueMessage]);
    const options = { client: sqs.client, queueUrl, deadLetterQueueUrl };
    const [letter] = await readAll(options);
    expect(letter?.note).toMatchObject({ code: "permanent", displaced: { z: { value: "AP8B" } } });
    expect(await redriveMessage(letter as DeadLetter, options)).toBe("redriven");
    const [back] = await receive();
    expect(back?.native).toEqual({ messageAttributes: MessageAttributes });
  });

  it("makes one copy when it is repeated after a delete that failed", async () => {
    const { options, receive } = await deadLettered();
    const [letter] = await readAll(options);
    await redriveMessage(letter as DeadLetter, options);
    await redriveMessage(letter as DeadLetter, options);
    const [back] = await receive();
    expect(back).toBeDefined();
    expect(await receive()).toEqual([]);
  });

  it("takes back what SQS itself moved, too", async () => {
    const { queueUrl, deadLetterQueueUrl } = await sqs.createPair({
      fifo: false,
      maxReceiveCount: 1,
    });
    const queue = sqsQueue({ client: sqs.client, queueUrl });
    await sqs.client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: "a" }));
    const receive = () => queue.receive({ max: 10, visibilityMs: 0, waitMs: 0 });
    await receive();
    await receive();
    const options = { client: sqs.client, queueUrl, deadLetterQueueUrl };
    const [letter] = await readAll(options);
    expect(letter).toMatchObject({ message: { body: "a" } });
    expect(letter?.note).toBeUndefined();
    expect(await redriveMessage(letter as DeadLetter, options)).toBe("redriven");
    expect(await receive()).toHaveLength(1);
  });

  it("reads page by page, each letter once, and gives them back", async () => {
    const deadLetterQueueUrl = await sqs.createQueue("many");
    for (let i = 0; i < 25; i += 1) {
      await sqs.client.send(
        new SendMessageCommand({ QueueUrl: deadLetterQueueUrl, MessageBody: `m${i}` }),
      );
    }
    const options = { client: sqs.client, deadLetterQueueUrl };
    const sizes: number[] = [];
    const bodies = new Set<string>();
    for await (const page of readDeadLetters(options)) {
      sizes.push(page.length);
      for (const { message } of page) bodies.add(message.body);
      if (sizes.length === 3) await returnDeadLetters(page, options);
      if (sizes.length === 3) break;
    }
    expect(sizes).toEqual([10, 10, 5]);
    expect(bodies.size).toBe(25);
    expect(await sqs.peek(deadLetterQueueUrl)).toHaveLength(5);
  });
});

describe("a redrive that stops half-way", () => {
  it("says that the letter still stands, and rejects where it was not sent", async () => {
    const sqs = await startFakeSqs("orders.fifo");
    try {
      const message = { id: "dead-id", handle: "h", body: "b", attributes: {}, groupId: "g" };
      const letter = { message: { ...message, sentAt: 1, receiveCount: 1 } };
      const { client, queueUrl } = sqs;
      const options = { client, queueUrl, deadLetterQueueUrl: `${queueUrl}-dead` };
      sqs.answer((request) =>
        request.action === "SendMessage"
          ? sqsOk(request)
          : sqsError("ReceiptHandleIsInvalid", "expired"),
      );
      expect(await redriveMessage(letter, options)).toEqual({
        notDeleted: "it was read again elsewhere",
      });
      expect(sqs.requests[0]?.input).toMatchObject({
        MessageDeduplicationId: "dead-id",
        MessageGroupId: "g",
      });
      sqs.answer((request) => (request.action === "SendMessage" ? sqsOk(request) : "reset"));
      expect(await redriveMessage(letter, options)).toHaveProperty("notDeleted");
      sqs.answer(() => "reset");
      await expect(redriveMessage(letter, options)).rejects.toMatchObject({
        code: "QUEUE_UNAVAILABLE",
      });
    } finally {
      await sqs.close();
    }
  });
});
