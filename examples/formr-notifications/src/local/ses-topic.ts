import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { LOCAL_AWS } from "./local-aws.js";

/** Makes a topic whose messages arrive in the queue, in their SNS envelope. */
export async function createSesTopic(endpoint: string, queueArn: string): Promise<string> {
  const client = new SNSClient({ ...LOCAL_AWS, endpoint });
  try {
    const { TopicArn = "" } = await client.send(new CreateTopicCommand({ Name: "ses-events" }));
    await client.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: queueArn }));
    return TopicArn;
  } finally {
    client.destroy();
  }
}
