import { GetQueueAttributesCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { localQueues } from "../local/queues.js";
import type { StackFacts } from "./stack-facts.js";
import type { WorkloadEvent } from "./workload.js";

const COUNTS = [
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
] as const;

/** The queues of a stack, as the producer and an observer use them. */
export function queuesOf(facts: Pick<StackFacts, "sqs" | "queues">) {
  const { client, close } = localQueues(facts.sqs);
  const pairs = Object.values(facts.queues);

  /** Messages of every kind: visible, being handled, or delayed. */
  async function depth(queueUrl: string): Promise<number> {
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...COUNTS] }),
    );
    return COUNTS.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
  }

  async function total(queueUrls: readonly string[]): Promise<number> {
    const depths = await Promise.all(queueUrls.map(depth));
    return depths.reduce((sum, count) => sum + count, 0);
  }

  return {
    /** One message, in the group of its doctor. */
    async publish({ id, queue, body }: WorkloadEvent): Promise<void> {
      await client.send(
        new SendMessageCommand({
          QueueUrl: facts.queues[queue].url,
          MessageBody: JSON.stringify(body),
          MessageGroupId: body.traineeId,
          MessageDeduplicationId: id,
        }),
      );
    },
    waiting: () => total(pairs.map(({ url }) => url)),
    deadLettered: () => total(pairs.map(({ deadLetterUrl }) => deadLetterUrl)),
    close,
  };
}
