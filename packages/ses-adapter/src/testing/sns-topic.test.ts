import { SendRawEmailCommand } from "@aws-sdk/client-ses";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { buildApp } from "fauxqs";
import { expect, it, onTestFinished } from "vitest";
import { letter, sesFixture } from "./local-ses.fixture.js";
import { snsTopicPublisher } from "./sns-topic.js";

const { clientOf, startSes } = sesFixture(onTestFinished);

const startSnsAndSqs = async (): Promise<string> => {
  const app = buildApp({ logger: false });
  onTestFinished(() => app.close());
  return app.listen({ host: "127.0.0.1", port: 0 });
};

const subscribedQueue = async (endpoint: string) => {
  const config = {
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  };
  const sns = new SNSClient(config);
  const sqs = new SQSClient(config);
  onTestFinished(() => (sns.destroy(), sqs.destroy()));
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "mail-events" }));
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "mail-events" }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }),
  );
  await sns.send(
    new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: Attributes?.["QueueArn"] }),
  );
  const receive = async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    return Messages.map(({ Body = "" }) => JSON.parse(Body) as { Type: string; Message: string });
  };
  return { topicArn: TopicArn ?? "", receive };
};

it("publishes events to a topic, from where a queue receives them in an SNS envelope", async () => {
  const endpoint = await startSnsAndSqs();
  const { topicArn, receive } = await subscribedQueue(endpoint);
  const topic = snsTopicPublisher({ endpoint });
  onTestFinished(() => topic.close());
  const ses = await startSes({
    configurationSets: { letters: { topicArn } },
    publish: topic.publish,
  });
  const { MessageId } = await clientOf(ses).send(
    new SendRawEmailCommand({ RawMessage: letter(), ConfigurationSetName: "letters" }),
  );
  await ses.events.flush();

  const envelopes = await receive();
  expect(envelopes.map(({ Type }) => Type)).toEqual(["Notification", "Notification"]);
  expect(envelopes.map(({ Message }) => JSON.parse(Message) as unknown)).toMatchObject([
    { eventType: "Send", mail: { messageId: MessageId } },
    { eventType: "Delivery", mail: { messageId: MessageId } },
  ]);
});
