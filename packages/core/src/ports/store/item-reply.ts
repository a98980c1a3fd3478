/**
 * What an item of a batch has for an answer: its reply, or the error that concerns it alone, a
 * `StoreUnavailableError` or an `UnreadableRecordError`.
 */
export type ItemReply<Reply> = Reply | Error;

/**
 * The replies of a batch, for who can do nothing without all of them.
 *
 * @throws the first item's error, where there is one
 */
export function repliesOf<Reply>(answers: readonly ItemReply<Reply>[]): readonly Reply[] {
  return answers.map((answer) => {
    if (answer instanceof Error) throw answer;
    return answer;
  });
}
