import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { findDeadLetterQueueUrl } from "./dead-letter-queue-url.js";
import { startLocalSqs, type LocalSqs } from "../fixtures/local-sqs.fixture.js";

describe("the dead-letter queue of a queue", () => {
  let sqs: LocalSqs;
  beforeAll(async () => {
    sqs = await startLocalSqs();
  });
  afterAll(() => sqs.close());

  it("is the one its redrive policy names", async () => {
    const { queueUrl, deadLetterQueueUrl } = await sqs.createPair({ fifo: true });
    const { client } = sqs;
    expect(await findDeadLetterQueueUrl({ client, queueUrl })).toBe(deadLetterQueueUrl);
  });

  it("is unknown without a policy", async () => {
    const queueUrl = await sqs.createQueue("without-a-policy");
    expect(await findDeadLetterQueueUrl({ client: sqs.client, queueUrl })).toBeUndefined();
  });

  it("can't be found of a queue that doesn't exist", async () => {
    const queueUrl = `${await sqs.createQueue("there")}-not`;
    await expect(findDeadLetterQueueUrl({ client: sqs.client, queueUrl })).rejects.toMatchObject({
      code: "QUEUE_UNAVAILABLE",
    });
  });
});
