import {
  SendMessageCommand,
  type SQSClient,
  type SendMessageCommandInput,
} from "@aws-sdk/client-sqs";
import type { DeadLetterReason, DeadLetterReply, QueueMessage } from "@exactly-once/core/ports";

import { callSqs } from "../wire/call.js";
import { bytesOf, copyOf } from "../wire/copy.js";
import { NOTE_ATTRIBUTE, noteVariants } from "./dead-letter-note.js";
import { displaceFor } from "./displaced-attributes.js";
import { queueName } from "../wire/queue-facts.js";
import { answeredError, mayPass, type EntryError } from "../wire/sqs-error.js";

/** The most SQS takes, body and attributes, since August 2025 (SQS quotas, "Message size"). */
const LARGEST_MESSAGE_BYTES = 1_048_576;

export interface DeadLetterTarget {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly sourceArn: string | undefined;
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
  const { client, queueUrl, callTimeoutMs } = target;
  const what = `SendMessage to ${queueName(queueUrl)}`;
  for (const copy of copiesOf(message, reason, target)) {
    if (bytesOf(copy) > LARGEST_MESSAGE_BYTES) continue;
    try {
      await callSqs(what, callTimeoutMs, (o) => client.send(new SendMessageCommand(copy), o));
      return "copied";
    } catch (fault) {
      const error = answeredError(fault);
      if (error?.senderFault !== true) throw fault;
      if (isTooLong(error)) continue;
      if (mayPass(error)) return { failed: `${error.code}: ${error.message}`.slice(0, 300) };
      return { denied: fault instanceof Error ? fault.message.slice(0, 500) : error.code };
    }
  }
  const name = queueName(queueUrl);
  return { denied: `the message is larger than ${name} takes: raise its MaximumMessageSize` };
}

/**
 * The same letter with less and less of a note, for a queue that takes no more. The last has none: its
 * reason then stands in the store's record only.
 */
function copiesOf(
  message: QueueMessage,
  reason: DeadLetterReason,
  { queueUrl, sourceArn }: DeadLetterTarget,
): readonly SendMessageCommandInput[] {
  const copied = { queueUrl, dedupId: message.id, groupId: message.groupId ?? message.id };
  const { kept, displaced } = displaceFor(NOTE_ATTRIBUTE, message);
  const notes = noteVariants({ message, reason, sourceArn, displaced });
  return [
    ...notes.map((note) =>
      copyOf(message, {
        ...copied,
        keep: kept,
        extra: { [NOTE_ATTRIBUTE]: { DataType: "String", StringValue: note } },
      }),
    ),
    copyOf(message, copied),
  ];
}

/** The dead-letter queue's own limit may be lower than the service's. */
function isTooLong({ code, message }: EntryError): boolean {
  return code === "MessageTooLong" || /shorter than|too long|larger than/i.test(message);
}
