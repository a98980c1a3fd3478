import { formatAttemptId, type Attempt } from "@exactly-once/core/ports";
import { randomBytes } from "node:crypto";

export const newSecret = (): string => `whsec_${randomBytes(32).toString("base64")}`;
export const secret = newSecret();

/** A granted attempt with half a minute left, unless told otherwise. */
export function attemptOf(
  changes: Partial<Attempt> & { readonly attemptNumber?: number } = {},
): Attempt {
  const { attemptNumber = 1, ...rest } = changes;
  const key = "0123456789abcdef0123456789abcdef";
  const id = formatAttemptId({
    ...{ key, effect: "hook", owner: "owner", fence: 1 },
    attemptNumber,
  });
  return {
    ...{
      id,
      effectId: `${key}-hook`,
      namespace: "forms",
      pipeline: "form-updated",
      effect: "hook",
    },
    deadline: Date.now() + 30_000,
    remainingMs: () => 30_000,
    signal: new AbortController().signal,
    ...rest,
  };
}
