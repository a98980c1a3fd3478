import type { AttemptRef } from "../ports/index.js";

/** Length of a key digest: 128 bits as lowercase hex. */
export const KEY_DIGEST_LENGTH = 32;

/** Effect names: they go into SES message tags, which take `[A-Za-z0-9_-]`. */
export const EFFECT_NAME = /^[a-z][a-z0-9_]{0,31}$/;

const ID =
  /^(?<key>[0-9a-f]{32})-(?<effect>[a-z][a-z0-9_]{0,31}(?:-[a-z0-9_]{1,32})?)-(?<owner>[0-9a-z]{1,32})-(?<fence>[1-9][0-9]{0,14})-(?<attemptNumber>[1-9][0-9]{0,8})$/;

/**
 * The id of one attempt: `<key digest>-<effect>-<nonce>-<fence>-<attemptNumber>`, only `[A-Za-z0-9_-]`, at
 * most 157 characters. It leads back to its record without an index.
 */
export function formatAttemptId(ref: AttemptRef): string {
  return `${ref.key}-${ref.effect}-${ref.owner}-${ref.fence}-${ref.attemptNumber}`;
}

/** The attempt an id names, or `undefined` where the text isn't an attempt id of ours. */
export function parseAttemptId(id: string): AttemptRef | undefined {
  const groups = ID.exec(id)?.groups;
  if (!groups) return undefined;
  const { key, effect, owner, fence, attemptNumber } = groups;
  return {
    key: key ?? "",
    effect: effect ?? "",
    owner: owner ?? "",
    fence: Number(fence),
    attemptNumber: Number(attemptNumber),
  };
}

export function sameAttempt(a: AttemptRef, b: AttemptRef): boolean {
  return a.key === b.key && sameWithinKey(a, b);
}

/** For a record's effects, which don't repeat its key. */
export function sameWithinKey(a: Omit<AttemptRef, "key">, b: Omit<AttemptRef, "key">): boolean {
  return (
    a.attemptNumber === b.attemptNumber &&
    a.fence === b.fence &&
    a.owner === b.owner &&
    a.effect === b.effect
  );
}
