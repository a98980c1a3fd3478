import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { queueBacklog } from "./backlog.js";
import { startLocalSqs, type LocalSqs } from "../fixtures/local-sqs.fixture.js";
import { sqsQueue } from "./queue.js";

let sqs: LocalSqs;
beforeAll(async () => (sqs = await startLocalSqs()));
afterAll(() => sqs.close());

it("counts what is visible, in flight and dead-lettered", async () => {
  const { queueUrl, deadLetterQueueUrl } = await sqs.createPair({ fifo: false });
  const { client } = sqs;
  const send = (url: string) =>
    client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "{}" }));
  expect(await queueBacklog({ client, queueUrl })).toEqual({ pending: 0, deadLettered: 0 });
  await send(queueUrl);
  await send(queueUrl);
  await send(deadLetterQueueUrl);
  await sqsQueue({ client, queueUrl }).receive({ max: 1, visibilityMs: 60_000, waitMs: 0 });
  expect(await queueBacklog({ client, queueUrl })).toEqual({ pending: 2, deadLettered: 1 });
});

it("rejects where the count can't be had, since not knowing is no silence", async () => {
  const queueUrl = (await sqs.createPair({ fifo: false })).queueUrl.replace(/[^/]+$/, "nothing");
  await expect(queueBacklog({ client: sqs.client, queueUrl })).rejects.toMatchObject({
    code: "QUEUE_UNAVAILABLE",
  });
});
