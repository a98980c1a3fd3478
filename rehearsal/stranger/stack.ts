import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { createLocalSes, type LocalSes } from "@exactly-once/ses-adapter/testing";
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface Stack {
  readonly sqsEndpoint: string;
  readonly ses: LocalSes;
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  submit(event: object): Promise<void>;
  remove(receiptHandle: string): Promise<void>;
  close(): Promise<void>;
}

/** SQS in a process of its own, SES in this one, and a FIFO queue with a dead-letter queue. */
export async function startStack(): Promise<Stack> {
  // From the folder that the tests are started in.
  const emulator = spawn(process.execPath, ["emulator.mjs"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = (await once(emulator.stdout, "data")) as [Buffer];
  const sqsEndpoint = line.toString().trim();
  const client = new SQSClient({
    endpoint: sqsEndpoint,
    region: "eu-west-2",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const ses = await createLocalSes();

  async function createQueue(name: string, attributes: Record<string, string>): Promise<string> {
    const { QueueUrl = "" } = await client.send(
      new CreateQueueCommand({ QueueName: name, Attributes: { FifoQueue: "true", ...attributes } }),
    );
    return QueueUrl;
  }

  const deadLetterQueueUrl = await createQueue("forms-dead.fifo", {});
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: deadLetterQueueUrl, AttributeNames: ["QueueArn"] }),
  );
  const queueUrl = await createQueue("forms.fifo", {
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: Attributes["QueueArn"],
      maxReceiveCount: 100,
    }),
  });

  let messages = 0;
  return {
    sqsEndpoint,
    ses,
    client,
    queueUrl,
    deadLetterQueueUrl,
    async submit(event) {
      messages += 1;
      await client.send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: JSON.stringify(event),
          MessageGroupId: "forms",
          // Each copy is a message of its own, as when a producer sends its event again.
          MessageDeduplicationId: String(messages),
        }),
      );
    },
    async remove(ReceiptHandle) {
      await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
    },
    async close() {
      const ended = once(emulator, "exit");
      emulator.stdin.end();
      client.destroy();
      await Promise.all([ended, ses.close()]);
    },
  };
}
