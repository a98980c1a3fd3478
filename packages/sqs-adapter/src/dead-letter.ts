import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { DeadLetterReason, DeadLetterReply, QueueMessage } from "@exactly-once/core";

import { callSqs } from "./call.js";
import { bytesOf, copyOf } from "./copy.js";
import { NOTE_ATTRIBUTE, noteVariants } from "./dead-letter-note.js";
import { queueName } from "./queue-facts.js";
import { answeredError, type EntryError } from "./sqs-error.js";

/** SQS takes ten attributes a message, ours included. */
const ATTRIBUTE_LIMIT = 10;

export interface DeadLetterTarget {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly sourceArn: string | undefined;
  readonly maxMessageBytes: number;
  readonly callTimeoutMs: number;
}

/**
 * Copies a message to the dead-letter queue with the reason beside it. On FIFO the deduplication id
 * is the source message's id: trying again after a lost answer makes no second copy.
 *
 * @throws QueueUnavailableError where SQS gave no answer; the copy may have been made
 */
export async function sendDeadLetter(
  message: QueueMessage,
  reason: DeadLetterReason,
  target: DeadLetterTarget,
): Promise<DeadLetterReply> {
  const { client, queueUrl, maxMessageBytes, callTimeoutMs } = target;
  const copies = noteVariants(message, reason, target.sourceArn).map((note) =>
    copyOf(message, {
      queueUrl,
      dedupId: message.id,
      groupId: message.groupId ?? message.id,
      extra: { [NOTE_ATTRIBUTE]: note },
    }),
  );
  if (Object.keys(copies[0]?.MessageAttributes ?? {}).length > ATTRIBUTE_LIMIT) {
    return { impossible: `the message already has ${ATTRIBUTE_LIMIT} attributes` };
  }
  const what = `SendMessage to ${queueName(queueUrl)}`;
  for (const copy of copies.filter((candidate) => bytesOf(candidate) <= maxMessageBytes)) {
    try {
      await callSqs(what, callTimeoutMs, (o) => client.send(new SendMessageCommand(copy), o));
      return "copied";
    } catch (fault) {
      const error = answeredError(fault);
      if (error?.senderFault !== true) throw fault;
      if (!isTooLong(error)) return { failed: `${error.code}: ${error.message}`.slice(0, 300) };
    }
  }
  return { impossible: `the copy would be larger than ${queueName(queueUrl)} takes` };
}

/** The dead-letter queue's own limit may be lower than the service's. */
function isTooLong({ code, message }: EntryError): boolean {
  return code === "MessageTooLong" || /shorter than|too long|larger than/i.test(message);
}
