import { setTimeout as sleep } from "node:timers/promises";

import { SendMessageCommand } from "@aws-sdk/client-sqs";
import type { QueueFixture } from "@exactly-once/core/testing";

import { testAccount, type LocalSqs } from "./local-sqs.fixture.js";
import { sqsQueue } from "./queue.js";
import { tunedSqsClient } from "./tuned-client.js";

export interface ConformanceOptions {
  readonly fifo: boolean;
  readonly maxReceiveCount: number;
  /** Through {@link tunedSqsClient} instead of a client with the SDK's ways. */
  readonly tuned?: boolean;
}

/** A fresh queue on an emulator, for the conformance suite. */
export async function conformanceFixture(
  sqs: LocalSqs,
  options: ConformanceOptions,
): Promise<QueueFixture> {
  const { queueUrl, deadLetterQueueUrl } = await sqs.createPair(options);
  const client = options.tuned
    ? tunedSqsClient({ endpoint: sqs.endpoint, ...testAccount })
    : sqs.client;
  return {
    queue: sqsQueue({ client, queueUrl, stopWithinMs: 1_000 }),
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
