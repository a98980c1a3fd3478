import {
  EDITION_ATTRIBUTE,
  type DeadLetterReason,
  type QueueMessage,
} from "@exactly-once/core/ports";

/** The message attribute that holds the {@link DeadLetterNote}. */
export const NOTE_ATTRIBUTE = "exactly-once";

/** What a dead letter says about itself, as JSON in one message attribute. */
export interface DeadLetterNote {
  readonly code: string;
  readonly text: string;
  readonly attemptIds: readonly string[];
  /** Where it came from; absent where the queue's attributes could not be read. */
  readonly sourceArn?: string;
  /** The deliberate repetition that it is: a copy that has lost this would be another notification. */
  readonly edition?: string;
  /** The FIFO group it had. */
  readonly groupId?: string;
  /** The id it had in the source queue, which is the one the record was buried with. */
  readonly originalMessageId: string;
  /** How often it had been received. */
  readonly receiveCount: number;
  /** When the producer sent it, ms since the epoch. */
  readonly sentAt: number;
  /**
   * Attributes of the message that the note stands in the place of: SQS takes ten. {@link
   * redriveMessage} puts them back.
   */
  readonly displaced?: Readonly<Record<string, DisplacedAttribute>>;
}

/** A message attribute as text. */
export interface DisplacedAttribute {
  /** SQS's data type: `String`, `Number`, `Binary`, or one of these with a suffix. */
  readonly type: string;
  /** In base64 where the type is binary. */
  readonly value: string;
}

const TEXT_LIMIT = 1_000;

export interface NoteContent {
  readonly message: QueueMessage;
  readonly reason: DeadLetterReason;
  readonly sourceArn: string | undefined;
  readonly displaced: Readonly<Record<string, DisplacedAttribute>>;
}

/** The note as text, from the fullest to the barest, for a message that is close to the limit. */
export function noteVariants(content: NoteContent): readonly string[] {
  const { message, reason, sourceArn, displaced } = content;
  const edition = message.attributes[EDITION_ATTRIBUTE];
  const note = (textLimit: number, idLimit: number): DeadLetterNote => ({
    code: reason.code,
    text: reason.text.slice(0, textLimit),
    attemptIds: reason.attemptIds.slice(0, idLimit),
    ...(sourceArn === undefined ? {} : { sourceArn }),
    ...(edition === undefined ? {} : { edition }),
    ...(message.groupId === undefined ? {} : { groupId: message.groupId }),
    originalMessageId: message.id,
    receiveCount: message.receiveCount,
    sentAt: message.sentAt,
    ...(Object.keys(displaced).length === 0 ? {} : { displaced }),
  });
  return [note(TEXT_LIMIT, Infinity), note(100, 5), note(0, 0)].map(toText);
}

/** The note of a dead letter; `undefined` where SQS moved it there, or it isn't one of ours. */
export function readNote(message: QueueMessage): DeadLetterNote | undefined {
  const text = message.attributes[NOTE_ATTRIBUTE];
  if (text === undefined) return undefined;
  try {
    const note = JSON.parse(text) as Partial<DeadLetterNote> | null;
    const ours =
      typeof note?.code === "string" &&
      typeof note.originalMessageId === "string" &&
      areAttributes(note.displaced ?? {});
    return ours ? (note as DeadLetterNote) : undefined;
  } catch {
    return undefined;
  }
}

function areAttributes(displaced: unknown): boolean {
  if (typeof displaced !== "object" || displaced === null) return false;
  return Object.values(displaced).every((attribute: Partial<DisplacedAttribute> | null) => {
    return typeof attribute?.type === "string" && typeof attribute.value === "string";
  });
}

/**
 * SQS refuses U+FFFE and U+FFFF, and some emulators all characters beyond U+FFFF. Escaped they pass,
 * as the control characters do that `stringify` escapes anyway.
 */
function toText(note: DeadLetterNote): string {
  const escape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(note).replace(/[\uD800-\uDFFF\uFFFE\uFFFF]/g, escape);
}
