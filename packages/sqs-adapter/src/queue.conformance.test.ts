import { setTimeout as sleep } from "node:timers/promises";

import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { queueSuite, type QueueFixture } from "@exactly-once/core/testing";
import { afterAll, beforeAll, describe, test } from "vitest";

import { sqsQueue } from "./queue.js";
import { startLocalSqs, type LocalSqs } from "./local-sqs.fixture.js";

const maxReceiveCount = 3;

describe.each([{ fifo: false }, { fifo: true }])("sqsQueue conforms (FIFO: $fifo)", ({ fifo }) => {
  let sqs: LocalSqs;
  beforeAll(async () => {
    sqs = await startLocalSqs();
  });
  afterAll(() => sqs.close());

  async function factory(): Promise<QueueFixture> {
    const { queueUrl, deadLetterQueueUrl } = await sqs.createPair({ fifo, maxReceiveCount });
    return {
      queue: sqsQueue({ client: sqs.client, queueUrl, stopWithinMs: 1_000 }),
      send: (body, { groupId, dedupId, attributes = {} } = {}) =>
        sqs.client.send(
          new SendMessageCommand({
            QueueUrl: queueUrl,
            MessageBody: body,
            MessageGroupId: groupId,
            MessageDeduplicationId: dedupId,
            MessageAttributes: Object.fromEntries(
              Object.entries(attributes).map(([name, value]) => [
                name,
                { DataType: "String", StringValue: value },
              ]),
            ),
          }),
        ),
      elapse: (ms) => sleep(ms),
      deadLetters: () => sqs.peek(deadLetterQueueUrl),
    };
  }

  queueSuite({ test: test.concurrent, factory, capabilities: { fifo, maxReceiveCount } });
});
