import type { DeadLetterReason, QueueMessage } from "@exactly-once/core";

/** The message attribute that holds the {@link DeadLetterNote}. */
export const NOTE_ATTRIBUTE = "exactly-once";

/** What a dead letter says about itself, as JSON in one message attribute. */
export interface DeadLetterNote {
  readonly code: string;
  readonly text: string;
  readonly attemptIds: readonly string[];
  /** Where it came from; absent where the queue's attributes could not be read. */
  readonly sourceArn?: string;
  /** The FIFO group it had. */
  readonly groupId?: string;
  /** The id it had in the source queue, which is the one the record was buried with. */
  readonly originalMessageId: string;
  /** How often it had been received. */
  readonly receiveCount: number;
  /** When the producer sent it, ms since the epoch. */
  readonly sentAt: number;
}

const TEXT_LIMIT = 1_000;

/** The note as text, from the fullest to the barest, for a message that is close to the limit. */
export function noteVariants(
  message: QueueMessage,
  reason: DeadLetterReason,
  sourceArn: string | undefined,
): readonly string[] {
  const note = (textLimit: number, idLimit: number): DeadLetterNote => ({
    code: reason.code,
    text: reason.text.slice(0, textLimit),
    attemptIds: reason.attemptIds.slice(0, idLimit),
    ...(sourceArn === undefined ? {} : { sourceArn }),
    ...(message.groupId === undefined ? {} : { groupId: message.groupId }),
    originalMessageId: message.id,
    receiveCount: message.receiveCount,
    sentAt: message.sentAt,
  });
  return [note(TEXT_LIMIT, Infinity), note(100, 5), note(0, 0)].map(toText);
}

/** The note of a dead letter; `undefined` where SQS moved it there, or it isn't one of ours. */
export function readNote(message: QueueMessage): DeadLetterNote | undefined {
  const text = message.attributes[NOTE_ATTRIBUTE];
  if (text === undefined) return undefined;
  try {
    const note = JSON.parse(text) as Partial<DeadLetterNote> | null;
    const ours = typeof note?.code === "string" && typeof note.originalMessageId === "string";
    return ours ? (note as DeadLetterNote) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * SQS refuses U+FFFE and U+FFFF, and some emulators all characters beyond U+FFFF. Escaped they pass,
 * as the control characters do that `stringify` escapes anyway.
 */
function toText(note: DeadLetterNote): string {
  const escape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(note).replace(/[\uD800-\uDFFF\uFFFE\uFFFF]/g, escape);
}
