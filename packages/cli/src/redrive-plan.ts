import { type DedupeStore, UnreadableRecordError } from "@exactly-once/core";
import { parseAttemptId, type RecordView } from "@exactly-once/core/ports";
import type { DeadLetter } from "@exactly-once/sqs-adapter";

/** What the record says of a dead letter. */
export type LetterState =
  /** Every effect is settled, and evidence or an operator settled one after the dead-lettering. */
  | "settled"
  /** Somebody has to settle an effect, or the message will only be held again. */
  | "unsettled"
  /** The key is done by now: a copy will only be acknowledged. */
  | "done"
  /** It has a record without open effects: it will be handled anew. */
  | "free"
  /** No attempt is named in the letter, or no record is left, or the store wasn't asked. */
  | "unknown";

export interface JudgedLetter {
  readonly letter: DeadLetter;
  readonly state: LetterState;
  /** Whether its key is being handled just now. */
  readonly live: boolean;
}

/** Judges dead letters by the records that their attempts lead to. */
export async function judgeLetters(
  letters: readonly DeadLetter[],
  store: DedupeStore | undefined,
): Promise<readonly JudgedLetter[]> {
  const keys = letters.map(keyOf);
  const asked = [...new Set(keys.filter((key) => key !== undefined))];
  const views = store && asked.length > 0 ? await store.read(asked) : [];
  const records = new Map(asked.map((key, at) => [key, views[at]]));
  return letters.map((letter, at) => {
    const key = keys[at];
    const record = key === undefined ? undefined : records.get(key);
    // What can't be read must not be sent again by mistake.
    if (record instanceof UnreadableRecordError) return { letter, state: "unsettled", live: false };
    if (record instanceof Error) throw record;
    if (record === undefined) return { letter, state: "unknown", live: false };
    return { letter, state: judge(letter, record), live: record.live };
  });
}

function keyOf({ note }: DeadLetter): string | undefined {
  for (const id of note?.attemptIds ?? []) {
    const attempt = parseAttemptId(id);
    if (attempt) return attempt.key;
  }
  return undefined;
}

function judge({ note }: DeadLetter, record: RecordView): LetterState {
  if (record.state === "done") return "done";
  const open = record.effects.some(({ state }) =>
    ["sending", "unknown", "blocked"].includes(state),
  );
  if (open) return "unsettled";
  const { dead } = record;
  if (dead === undefined || dead.messageId !== note?.originalMessageId) return "free";
  const byEvidence = record.effects.some((effect) => effect.settledAfterDeadLetter === true);
  const byOperator = record.resolutions?.some(({ at }) => at >= dead.at) === true;
  return byEvidence || byOperator ? "settled" : "free";
}

export interface LetterChoice {
  readonly settled: boolean;
  /** Dead-letter message ids, original message ids, attempt ids or key digests; empty is all. */
  readonly ids: readonly string[];
}

export function isChosen({ letter, state }: JudgedLetter, choice: LetterChoice): boolean {
  if (choice.settled && state !== "settled") return false;
  if (choice.ids.length === 0) return true;
  const { message, note } = letter;
  const names = [message.id, note?.originalMessageId, ...(note?.attemptIds ?? []), keyOf(letter)];
  return choice.ids.some((id) => names.includes(id));
}
