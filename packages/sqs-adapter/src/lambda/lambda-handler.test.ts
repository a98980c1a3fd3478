import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import {
  definePipeline,
  memoryStore,
  type ConsumerEvent,
  type DedupeStore,
  type Sender,
} from "@exactly-once/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { runningOut } from "../../../../scripts/test-time.js";
import { readNote } from "../dead-letters/dead-letter-note.js";
import { sqsError, sqsOk, startFakeSqs } from "../fixtures/fake-sqs.fixture.js";
import { createLambdaHandler, type LambdaHandlerOptions } from "./lambda-handler.js";
import type { LambdaSqsRecord } from "./lambda.js";
import { startLocalSqs, type LocalSqs } from "../fixtures/local-sqs.fixture.js";

let sqs: LocalSqs;
beforeAll(async () => (sqs = await startLocalSqs()));
afterAll(() => sqs.close());

const sent: string[] = [];
const mailer: Sender<string> = {
  prepare: (payload) => Promise.resolve(payload),
  send: (prepared) => {
    sent.push(String(prepared));
    const receipt = { id: `mail-${sent.length}`, at: 1, via: "provider" } as const;
    return Promise.resolve({ status: "accepted", receipt });
  },
};

const pipeline = definePipeline({
  name: "letters",
  schema: z.object({ id: z.string() }),
  key: (event) => [event.id],
  effects: { email: mailer },
  handler: async (event, ctx) => {
    await ctx.once("email", event.id);
  },
});

/** What the event source mapping does: receive, invoke, delete what didn't fail. */
async function invoke(
  queueUrl: string,
  handler: ReturnType<typeof createLambdaHandler>,
  getRemainingTimeInMillis = () => 30_000,
): Promise<void> {
  const { Messages = [] } = await sqs.client.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ["All"],
    }),
  );
  const Records = Messages.map((message): LambdaSqsRecord => ({
    messageId: message.MessageId ?? "",
    receiptHandle: message.ReceiptHandle ?? "",
    body: message.Body ?? "",
    attributes: message.Attributes ?? {},
    messageAttributes: {},
  }));
  const answer = await handler({ Records }, { getRemainingTimeInMillis });
  const failed = answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  for (const { messageId, receiptHandle } of Records) {
    if (failed.includes(messageId)) continue;
    await sqs.client.send(
      new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receiptHandle }),
    );
  }
}

const handlerOf = (queueUrl: string, options: Partial<LambdaHandlerOptions> = {}) =>
  createLambdaHandler({
    client: sqs.client,
    queueUrl,
    namespace: "test",
    store: memoryStore(),
    pipelines: [pipeline],
    ...options,
  });

const recordOf = (body: string): LambdaSqsRecord => ({
  messageId: `id-${body}`,
  receiptHandle: "h",
  body,
  attributes: {},
  messageAttributes: {},
});
const inTime = { getRemainingTimeInMillis: () => 30_000 };

describe("a Lambda handler", () => {
  it("sends once over redeliveries, and moves what is broken to the dead-letter queue", async () => {
    const { queueUrl, deadLetterQueueUrl } = await sqs.createPair({ fifo: false });
    const handler = handlerOf(queueUrl);
    for (const body of ['{"id":"a"}', '{"id":"b"}', "broken", '{"id":"a"}']) {
      await sqs.client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }));
    }
    // The second copy of "a" may meet the first one's claim; then it comes back later.
    await invoke(queueUrl, handler);
    expect(sent.sort()).toEqual(["a", "b"]);
    expect((await sqs.peek(deadLetterQueueUrl)).map(({ body }) => body)).toEqual(["broken"]);
  });

  it("dead-letters what keeps failing before the queue moves it without a reason", async () => {
    const { queueUrl, deadLetterQueueUrl } = await sqs.createPair({
      fifo: false,
      maxReceiveCount: 2,
    });
    const failing = definePipeline({
      name: "failing",
      schema: z.object({ id: z.string() }),
      key: (event) => [event.id],
      effects: { email: mailer },
      handler: () => Promise.reject(new Error("always")),
    });
    const handler = handlerOf(queueUrl, { pipelines: [failing] });
    await sqs.client.send(
      new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: '{"id":"g"}' }),
    );
    await invoke(queueUrl, handler);
    const [letter] = await sqs.peek(deadLetterQueueUrl);
    expect(letter && readNote(letter)).toMatchObject({ code: "retriesExhausted", receiveCount: 1 });
  });

  it("begins nothing where hiding the batch has taken the invocation's time", async () => {
    const { queueUrl } = await sqs.createPair({ fifo: false });
    const handler = handlerOf(queueUrl);
    await sqs.client.send(
      new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: '{"id":"c"}' }),
    );
    const remaining = [30_000, 1_000];
    await invoke(queueUrl, handler, () => remaining.shift() ?? 0);
    expect(sent).not.toContain("c");
    await invoke(queueUrl, handler);
    expect(sent).toContain("c");
  });

  it("refuses a queue without a dead-letter queue, whose messages come back, unless it is allowed", async () => {
    const queueUrl = await sqs.createQueue("lonely-lambda");
    const Records = [recordOf('{"id":"d"}')];
    await expect(handlerOf(queueUrl)({ Records }, inTime)).rejects.toThrow(
      /createLambdaHandler: NO_DEAD_LETTER_QUEUE: queue lonely-lambda has no redrive policy/,
    );
    expect(sent).not.toContain("d");
    const allowed = handlerOf(queueUrl, { allow: ["NO_DEAD_LETTER_QUEUE"] });
    expect(await allowed({ Records }, inTime)).toEqual({ batchItemFailures: [] });
    expect(sent).toContain("d");
  });

  it("refuses a store that may lose what it was told, and asks one that is away again", async () => {
    const { queueUrl } = await sqs.createPair({ fifo: false });
    const Records = [recordOf('{"id":"s"}')];
    const evicts = [
      { code: "EVICTION", severity: "error", text: "records may be evicted." },
    ] as const;
    const answers = [() => Promise.reject(new Error("away")), () => Promise.resolve(evicts)];
    let asked = 0;
    const store: DedupeStore = {
      ...memoryStore(),
      verify: () => (answers[asked++] ?? (() => Promise.resolve(evicts)))(),
    };
    const strict = handlerOf(queueUrl, { store });
    expect(await strict({ Records }, inTime)).toEqual({ batchItemFailures: [] });
    await expect(strict({ Records }, inTime)).rejects.toThrow(/createLambdaHandler: EVICTION/);
    const events: ConsumerEvent[] = [];
    const observe = (event: ConsumerEvent) => events.push(event);
    const lenient = handlerOf(queueUrl, { store, allow: ["EVICTION"], observe });
    await lenient({ Records }, inTime);
    await lenient({ Records }, inTime);
    expect(asked).toBe(3);
    expect(events.filter(({ type }) => type === "deploymentFinding")).toHaveLength(1);
  });

  it("refuses a queue that it may not look at, unless it is told where dead letters go", async () => {
    const fake = await startFakeSqs();
    try {
      fake.answer((request) =>
        request.action === "GetQueueAttributes"
          ? sqsError("AccessDenied", "no", { status: 403 })
          : sqsOk(request),
      );
      const { client, queueUrl } = fake;
      const Records = [recordOf('{"id":"e"}')];
      await expect(handlerOf(queueUrl, { client })({ Records }, inTime)).rejects.toThrow(
        /grant sqs:GetQueueAttributes/,
      );
      const deadLetterQueueUrl = `${queueUrl}-dead`;
      await expect(
        handlerOf(queueUrl, { client, deadLetterQueueUrl })({ Records }, inTime),
      ).rejects.toThrow(/set maxTries below the redrive policy's/);
      const told = handlerOf(queueUrl, { client, deadLetterQueueUrl, maxTries: 3 });
      expect(await told({ Records }, inTime)).toEqual({ batchItemFailures: [] });
      expect(sent).toContain("e");
    } finally {
      await fake.close();
    }
  });

  it("says that SQS can't be reached, waits for one call only, and handles all the same", async () => {
    const fake = await startFakeSqs();
    try {
      fake.answer(() => "hang");
      const { client, queueUrl } = fake;
      const events: ConsumerEvent[] = [];
      const observe = (event: ConsumerEvent) => events.push(event);
      const handler = handlerOf(queueUrl, { client, callTimeoutMs: 50, observe });
      const Records = Array.from({ length: 25 }, (_, n) => recordOf(`{"id":"f${n}"}`));
      const answered = await runningOut(() => handler({ Records }, inTime), {
        ms: 50,
        once: () => fake.requests.length === 4,
      });
      expect(answered).toEqual({ batchItemFailures: [] });
      expect(sent).toContain("f24");
      expect(events.filter(({ type }) => type === "extendFailed")).toHaveLength(3);
      expect(events.filter(({ type }) => type === "describeFailed")).toHaveLength(1);
      const actions = fake.requests.map(({ action }) => action);
      expect(actions.sort()).toEqual([
        "ChangeMessageVisibilityBatch",
        "ChangeMessageVisibilityBatch",
        "ChangeMessageVisibilityBatch",
        "GetQueueAttributes",
      ]);
    } finally {
      await fake.close();
    }
  });

  it("hides messages for minutes where an operator has to mend something first", async () => {
    const fake = await startFakeSqs();
    try {
      fake.answer((request) => sqsOk(request));
      const { client, queueUrl } = fake;
      const handler = handlerOf(queueUrl, { client });
      await expect(handler({ Records: [recordOf('{"id":"i"}')] }, inTime)).rejects.toThrow(
        /has no redrive policy/,
      );
      const hidden = fake.requests
        .filter(({ action }) => action === "ChangeMessageVisibilityBatch")
        .map(({ input }) => /"VisibilityTimeout":(\d+)/.exec(JSON.stringify(input))?.[1]);
      expect(hidden).toEqual(["30", "300"]);
    } finally {
      await fake.close();
    }
  });

  it("names itself where a setting can't be", () => {
    expect(() => handlerOf("no-url")).toThrow(/createLambdaHandler: queueUrl is "no-url"/);
    const namespace = "my service";
    expect(() => handlerOf("http://localhost/1/q.fifo", { namespace })).toThrow(
      "createLambdaHandler: namespace is",
    );
  });
});
