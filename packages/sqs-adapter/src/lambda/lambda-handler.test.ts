import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { definePipeline, memoryStore, type Sender } from "@exactly-once/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createLambdaHandler } from "./lambda-handler.js";
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

const handlerOf = (queueUrl: string) =>
  createLambdaHandler({
    client: sqs.client,
    queueUrl,
    namespace: "test",
    store: memoryStore(),
    pipelines: [pipeline],
  });

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
});
