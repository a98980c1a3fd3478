import { DeleteMessageBatchCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import type { Contender, Work } from "./contender.js";

/** The ceiling: receives ten, deletes ten, and does nothing with them. */
export const bareSdk: Contender = (work) => {
  for (let poller = 0; poller < work.pollers; poller += 1) void loop(work);
  return Promise.resolve();
};

async function loop({ client, queueUrl: QueueUrl }: Work): Promise<never> {
  for (;;) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 20 }),
    );
    if (Messages.length === 0) continue;
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({
      Id: String(index),
      ReceiptHandle,
    }));
    await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
}
