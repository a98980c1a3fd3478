import { notificationKey, type DedupeStore } from "@exactly-once/core";
import { repliesOf } from "@exactly-once/core/ports";
import { randomUUID } from "node:crypto";

/** Whose records of editions are; no pipeline can have the name. */
const PIPELINE = ":republish";
const EFFECT = "republish";
/** Longer than a file takes at the lowest rate would be too long for who has to wait for a crash. */
const LEASE_MS = 10 * 60_000;
const LONGEST_WORDS = 500;

export type Registration =
  /** It is this file's, and nobody else sends it now. */
  | { readonly status: "granted"; readonly lease: EditionLease }
  /** All of this file was sent under the name. */
  | { readonly status: "done" }
  | { readonly status: "refused"; readonly why: string };

/** The right to send an edition. */
export interface EditionLease {
  /** @returns whether it is still held */
  keep(): Promise<boolean>;
  /** All was sent. */
  finish(): Promise<void>;
  /** Not all was: whoever comes next goes on. */
  giveBack(): Promise<void>;
}

/**
 * Binds an edition's name to a file, with who sent it and why, as a record of the store: its content's
 * fingerprint is the file's digest, and its one effect's receipt is what an operator reads with `show`.
 */
export async function registerEdition(
  store: DedupeStore,
  namespace: string,
  edition: string,
  { digest, by, why }: { readonly digest: string; readonly by: string; readonly why: string },
): Promise<Registration> {
  const { digest: key, text: keyText } = notificationKey(namespace, PIPELINE, [edition]);
  const owner = randomUUID();
  const fingerprint = `v1:${digest.slice(0, 32)}`;
  const messageId = `edition ${edition}`;
  const [reply] = repliesOf(
    await store.claim([
      { key, keyText, pipeline: PIPELINE, owner, leaseMs: LEASE_MS, messageId, fingerprint },
    ]),
  );
  if (reply?.status === "done") return { status: "done" };
  if (reply?.status === "conflict") {
    const why =
      "the name is another file's: a repetition with other content needs a name of its own";
    return { status: "refused", why };
  }
  if (reply?.status !== "claimed") {
    return { status: "refused", why: "somebody else sends it just now, or did until a moment ago" };
  }
  const lease = { key, owner, fence: reply.fence };
  const attempt = { ...lease, effect: EFFECT, attemptNumber: 1 };
  if (reply.effects.length === 0) {
    await store.begin({ ...attempt, fingerprint, timeoutMs: 1_000, validityMs: 0 });
    const id = `${by}: ${why}`.slice(0, LONGEST_WORDS);
    const receipt = { id, at: Date.now(), via: "operator" } as const;
    await store.settle(attempt, { status: "accepted", receipt });
  }
  return {
    status: "granted",
    lease: {
      keep: async () => {
        const [kept] = repliesOf(await store.extend([{ ...lease, leaseMs: LEASE_MS }]));
        return kept === "extended";
      },
      finish: async () => {
        repliesOf(await store.complete([{ ...lease, fingerprint }]));
      },
      giveBack: async () => {
        repliesOf(await store.release([lease]));
      },
    },
  };
}
