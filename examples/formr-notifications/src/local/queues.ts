import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { NOTE_ATTRIBUTE, type DeadLetterNote } from "@exactly-once/sqs-adapter";
import { LOCAL_AWS } from "./local-aws.js";

export interface LocalQueueSettings {
  /** The queue's own default visibility, s. Default 30, as AWS's. */
  readonly visibilitySeconds?: number;
  /** Receives after which SQS moves a message to the dead-letter queue. Default 10. */
  readonly maxReceiveCount?: number;
}

/** A queue and where its dead letters go. */
export interface LocalQueue {
  readonly url: string;
  readonly deadLetterUrl: string;
}

export interface LocalDeadLetter {
  readonly body: string;
  /** Why it is there; `undefined` where SQS moved it by its receive count. */
  readonly note: DeadLetterNote | undefined;
}

export interface LocalQueues {
  readonly client: SQSClient;
  /** Makes a queue with a dead-letter queue of the same kind; FIFO where the name says so. */
  create(name: string, settings?: LocalQueueSettings): Promise<LocalQueue>;
  arnOf(queueUrl: string): Promise<string>;
  /** Sends a body, as a new message, in the group (on FIFO queues). */
  send(queueUrl: string, body: string, groupId: string): Promise<string>;
  /** Takes up to ten dead letters out of the queue's dead-letter queue. */
  takeDeadLetters(queue: LocalQueue): Promise<readonly LocalDeadLetter[]>;
  close(): void;
}

export function localQueues(endpoint: string): LocalQueues {
  const client = new SQSClient({ ...LOCAL_AWS, endpoint, useQueueUrlAsEndpoint: false });

  async function createQueue(name: string, attributes: Record<string, string>): Promise<string> {
    const fifo = name.endsWith(".fifo") ? { FifoQueue: "true" } : {};
    const Attributes = { ...attributes, ...fifo };
    const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes }));
    return QueueUrl ?? "";
  }

  async function arnOf(queueUrl: string): Promise<string> {
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["QueueArn"] }),
    );
    return Attributes?.["QueueArn"] ?? "";
  }

  return {
    client,
    arnOf,

    async create(name, { visibilitySeconds = 30, maxReceiveCount = 10 } = {}) {
      const fifo = name.endsWith(".fifo");
      const deadLetterUrl = await createQueue(
        fifo ? name.replace(/\.fifo$/, "-dlq.fifo") : `${name}-dlq`,
        { MessageRetentionPeriod: "1209600" },
      );
      const redrive = { deadLetterTargetArn: await arnOf(deadLetterUrl), maxReceiveCount };
      const url = await createQueue(name, {
        RedrivePolicy: JSON.stringify(redrive),
        VisibilityTimeout: String(visibilitySeconds),
      });
      return { url, deadLetterUrl };
    },

    async send(queueUrl, body, groupId) {
      const fifo = queueUrl.endsWith(".fifo")
        ? { MessageGroupId: groupId, MessageDeduplicationId: crypto.randomUUID() }
        : {};
      const { MessageId } = await client.send(
        new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body, ...fifo }),
      );
      return MessageId ?? "";
    },

    async takeDeadLetters({ deadLetterUrl }) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: deadLetterUrl,
          MaxNumberOfMessages: 10,
          MessageSystemAttributeNames: ["All"],
          MessageAttributeNames: ["All"],
        }),
      );
      for (const { ReceiptHandle } of Messages) {
        await client.send(new DeleteMessageCommand({ QueueUrl: deadLetterUrl, ReceiptHandle }));
      }
      return Messages.map(({ Body = "", MessageAttributes = {} }) => {
        const note = MessageAttributes[NOTE_ATTRIBUTE]?.StringValue;
        return {
          body: Body,
          note: note === undefined ? undefined : (JSON.parse(note) as DeadLetterNote),
        };
      });
    },

    close: () => client.destroy(),
  };
}
