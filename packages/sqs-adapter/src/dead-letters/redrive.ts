import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { EDITION_ATTRIBUTE, type QueueMessage, type QueueReply } from "@exactly-once/core/ports";

import { batchReplies } from "../wire/batch.js";
import { callSqs } from "../wire/call.js";
import { copyOf, type CopyTarget } from "../wire/copy.js";
import { NOTE_ATTRIBUTE, readNote, type DeadLetterNote } from "./dead-letter-note.js";
import { restoreDisplaced } from "./displaced-attributes.js";
import { SYSTEM_ATTRIBUTES, fromSqs, nativeOf } from "../wire/message.js";
import { queueName } from "../wire/queue-facts.js";

/** A message of a dead-letter queue. */
export interface DeadLetter {
  /** As it stands in the dead-letter queue; its id and handle are of that queue. */
  readonly message: QueueMessage;
  /** Why it is there; absent where SQS's own redrive policy moved it. */
  readonly note?: DeadLetterNote;
}

/** Which dead-letter queue, and how to call it. */
export interface DeadLetterQueueOptions {
  readonly client: SQSClient;
  readonly deadLetterQueueUrl: string;
  /** Milliseconds a call may take. Default 10,000. */
  readonly callTimeoutMs?: number | undefined;
}

/** How to read a dead-letter queue. */
export interface ReadDeadLettersOptions extends DeadLetterQueueOptions {
  /**
   * Milliseconds for which what was read stays hidden from other readers, and by which the next
   * page knows what was read already. Whole seconds, at least 1. Default 60,000.
   */
  readonly visibilityMs?: number | undefined;
}

const CALL_TIMEOUT_MS = 10_000;
/** With a short poll SQS asks only some of its servers and may find nothing where there is much. */
const POLL_SECONDS = 1;

/**
 * Reads a dead-letter queue page by page (at most 10), without removing anything. What was read
 * stays hidden for `visibilityMs`, or until {@link returnDeadLetters}.
 *
 * SQS can't be browsed: each reading counts as a receive, and of a FIFO group only the messages of
 * one page are shown, since the rest waits for them.
 */
export async function* readDeadLetters(
  options: ReadDeadLettersOptions,
): AsyncGenerator<readonly DeadLetter[], void, undefined> {
  const { client, deadLetterQueueUrl, callTimeoutMs = CALL_TIMEOUT_MS } = options;
  const seen = new Set<string>();
  for (;;) {
    const command = new ReceiveMessageCommand({
      QueueUrl: deadLetterQueueUrl,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: Math.max(1, Math.ceil((options.visibilityMs ?? 60_000) / 1_000)),
      WaitTimeSeconds: POLL_SECONDS,
      MessageSystemAttributeNames: [...SYSTEM_ATTRIBUTES],
      MessageAttributeNames: ["All"],
    });
    const answer = await callSqs(
      `ReceiveMessage from ${queueName(deadLetterQueueUrl)}`,
      POLL_SECONDS * 1_000 + callTimeoutMs,
      (o) => client.send(command, o),
    );
    const page = (answer.Messages ?? []).map(fromSqs).filter(({ id }) => !seen.has(id));
    if (page.length === 0) return;
    for (const { id } of page) seen.add(id);
    yield page.map(toDeadLetter);
  }
}

/** Makes dead letters that were read visible to other readers again; at most 10. */
export function returnDeadLetters(
  letters: readonly DeadLetter[],
  options: DeadLetterQueueOptions,
): Promise<readonly QueueReply[]> {
  const { client, deadLetterQueueUrl, callTimeoutMs = CALL_TIMEOUT_MS } = options;
  return batchReplies(letters, (entries) => {
    const command = new ChangeMessageVisibilityBatchCommand({
      QueueUrl: deadLetterQueueUrl,
      Entries: entries.map(({ Id, item }) => ({
        Id,
        ReceiptHandle: item.message.handle,
        VisibilityTimeout: 0,
      })),
    });
    const what = `ChangeMessageVisibilityBatch on ${queueName(deadLetterQueueUrl)}`;
    return callSqs(what, callTimeoutMs, (o) => client.send(command, o));
  });
}

/** Where to send a dead letter again. */
export interface RedriveOptions extends DeadLetterQueueOptions {
  /** Where it goes: usually the queue it came from. */
  readonly queueUrl: string;
}

/** What became of a redrive. */
export type RedriveReply =
  | "redriven"
  /**
   * It is back in the queue, but still in the dead-letter queue too. A second redrive is harmless:
   * the record knows the key, and on FIFO the deduplication id swallows it for five minutes.
   */
  | { readonly notDeleted: string }
  /** It stays where it is, for what the text says. */
  | { readonly notSent: string };

/**
 * Sends a dead letter back to a queue, then deletes it. (AWS's own redrive takes back only what SQS
 * moved to the dead-letter queue, not what was sent there.)
 *
 * On FIFO the group stays and the deduplication id the dead letter's own message id,
 * never one that SQS would make from the content: that may be the id under which the producer sent
 * it less than five minutes ago, and SQS would accept the copy without keeping it. The note stays
 * on the message, unless it stands in the place of attributes: these come back instead of it. Order
 * within the group is given up. A copy that has lost the edition that its note names isn't sent: it would be
 * the notification itself, not its repetition.
 *
 * @throws QueueUnavailableError where it could not be sent; it then still stands among the dead
 *   letters, and may stand in the queue, too
 */
export async function redriveMessage(
  letter: DeadLetter,
  options: RedriveOptions,
): Promise<RedriveReply> {
  const { client, queueUrl, deadLetterQueueUrl, callTimeoutMs = CALL_TIMEOUT_MS } = options;
  const { message, note } = letter;
  const copy = copyOf(message, {
    queueUrl,
    dedupId: message.id,
    groupId: message.groupId ?? message.id,
    ...(note?.displaced === undefined ? {} : inPlaceOfNote(message, note.displaced)),
  });
  const edition = copy.MessageAttributes?.[EDITION_ATTRIBUTE]?.StringValue;
  if (note !== undefined && note.edition !== edition) {
    return { notSent: `it was of ${named(note.edition)} and is of ${named(edition)} now` };
  }
  await callSqs(`SendMessage to ${queueName(queueUrl)}`, callTimeoutMs, (o) =>
    client.send(new SendMessageCommand(copy), o),
  );
  const deleted = await deleteDeadLetter(letter, { client, deadLetterQueueUrl, callTimeoutMs });
  return deleted === "deleted" ? "redriven" : deleted;
}

function named(edition: string | undefined): string {
  return edition === undefined ? "no edition" : `the edition "${edition}"`;
}

/** What the message had before its note: each of its attributes, and no room for a note. */
function inPlaceOfNote(
  message: QueueMessage,
  displaced: NonNullable<DeadLetterNote["displaced"]>,
): Pick<CopyTarget, "keep" | "extra"> {
  const keep = new Set(Object.keys(nativeOf(message).messageAttributes));
  keep.delete(NOTE_ATTRIBUTE);
  return { keep, extra: restoreDisplaced(displaced) };
}

/** Deletes a dead letter that was read: it may be the only copy of its message. Never rejects. */
export async function deleteDeadLetter(
  { message }: DeadLetter,
  options: DeadLetterQueueOptions,
): Promise<"deleted" | { readonly notDeleted: string }> {
  const { client, deadLetterQueueUrl, callTimeoutMs = CALL_TIMEOUT_MS } = options;
  const command = new DeleteMessageBatchCommand({
    QueueUrl: deadLetterQueueUrl,
    Entries: [{ Id: "0", ReceiptHandle: message.handle }],
  });
  try {
    const what = `DeleteMessageBatch on ${queueName(deadLetterQueueUrl)}`;
    const [reply] = await batchReplies([message], () =>
      callSqs(what, callTimeoutMs, (o) => client.send(command, o)),
    );
    if (reply === "ok") return "deleted";
    return { notDeleted: typeof reply === "object" ? reply.failed : "it was read again elsewhere" };
  } catch (fault) {
    return { notDeleted: fault instanceof Error ? fault.message : String(fault) };
  }
}

function toDeadLetter(message: QueueMessage): DeadLetter {
  const note = readNote(message);
  return note === undefined ? { message } : { message, note };
}
