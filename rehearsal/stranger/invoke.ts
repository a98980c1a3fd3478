import { GetQueueAttributesCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import type { LambdaHandler } from "@exactly-once/sqs-adapter";
import { strict as assert } from "node:assert";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { startStack } from "./stack.js";

/** Invokes the bundle that TASK names as an event source mapping does. */
void test("a bundled function sends once and sets aside what it can't read", async () => {
  const stack = await startStack();
  try {
    const { client, ses, sqsEndpoint, queueUrl, deadLetterQueueUrl, submit } = stack;
    Object.assign(process.env, {
      SQS_ENDPOINT: sqsEndpoint,
      SES_ENDPOINT: ses.endpoint,
      QUEUE_URL: queueUrl,
    });
    const bundle = pathToFileURL(process.env["TASK"] ?? "").href;
    const { handler } = (await import(bundle)) as { readonly handler: LambdaHandler };
    const event = { formId: "A", email: "a@example.org", date: "2026-11-27" };

    for (const body of [event, event, { formId: "A" }]) {
      await submit(body);
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MessageSystemAttributeNames: ["All"],
          WaitTimeSeconds: 5,
        }),
      );
      const Records = Messages.map((message) => ({
        messageId: message.MessageId ?? "",
        receiptHandle: message.ReceiptHandle ?? "",
        body: message.Body ?? "",
        attributes: message.Attributes ?? {},
        messageAttributes: {},
      }));
      assert.equal(Records.length, 1);
      const answer = await handler({ Records }, { getRemainingTimeInMillis: () => 30_000 });
      assert.deepEqual(answer, { batchItemFailures: [] });
      // AWS deletes what didn't fail; the next receive of the group has to find the next message.
      await stack.remove(Records[0]?.receiptHandle ?? "");
    }

    assert.equal(ses.sent().length, 1);
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl: deadLetterQueueUrl,
        AttributeNames: ["ApproximateNumberOfMessages"],
      }),
    );
    assert.equal(Attributes["ApproximateNumberOfMessages"], "1");
  } finally {
    await stack.close();
  }
});
