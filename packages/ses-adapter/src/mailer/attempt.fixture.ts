import { type Attempt, formatAttemptId } from "@exactly-once/core/ports";

export const keyDigest = "0123456789abcdef0123456789abcdef";

/** A granted attempt with half a minute left, unless told otherwise. */
export function attemptOf(
  changes: Partial<Attempt> & { readonly attemptNumber?: number } = {},
): Attempt {
  const { attemptNumber = 1, ...rest } = changes;
  const ref = { key: keyDigest, effect: "email", owner: "owner", fence: 1, attemptNumber };
  return {
    id: formatAttemptId(ref),
    effectId: `${ref.key}-${ref.effect}`,
    namespace: "tis-notifications",
    pipeline: "form-updated",
    effect: ref.effect,
    deadline: Date.now() + 30_000,
    remainingMs: () => 30_000,
    signal: new AbortController().signal,
    ...rest,
  };
}
