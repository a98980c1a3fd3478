import { type DedupeStore, notificationKey } from "@exactly-once/core";
import { repliesOf, type AttemptRef, formatAttemptId } from "@exactly-once/core/ports";

export const namespace = "tis-notifications";
export const pipeline = "form-updated";

/** Claims a key of its own and begins an attempt at its email, as a consumer would. */
export async function beginAttempt(
  store: DedupeStore,
  name: string,
  options: {
    readonly namespace?: string;
    readonly timeoutMs?: number;
    readonly validityMs?: number;
  } = {},
): Promise<AttemptRef & { readonly id: string }> {
  const key = notificationKey(options.namespace ?? namespace, pipeline, [name]);
  const owner = `owner${name.replaceAll(/[^a-z0-9]/g, "")}`;
  const [claimed] = repliesOf(
    await store.claim([
      {
        ...{ key: key.digest, keyText: key.text, pipeline, owner },
        ...{ leaseMs: 60_000, messageId: name, fingerprint: "v1:f" },
      },
    ]),
  );
  if (claimed?.status !== "claimed") throw new Error(`the test's key is ${claimed?.status}`);
  const ref = { key: key.digest, effect: "email", owner, fence: claimed.fence, attemptNumber: 1 };
  const { timeoutMs = 15_000, validityMs = 960_000 } = options;
  await store.begin({ ...ref, timeoutMs, validityMs, fingerprint: "v1:f" });
  return { ...ref, id: formatAttemptId(ref) };
}
