import { admissionSettings, type HostOptions } from "../consumer/options.js";
import { admitMessage } from "../message/admit.js";
import { optionsOf } from "../options.js";
import type { Admitted } from "../pipeline/admitted.js";
import { repliesOf, type DedupeStore, type QueueMessage } from "../ports/index.js";
import { systemRandomness } from "../timing/system-clock.js";

/** Whose events they are: what a consumer is given, without what sends. */
export interface HistoryImporterOptions extends Pick<
  HostOptions,
  "namespace" | "pipelines" | "select" | "decode"
> {
  /** Keeps what is done for as long as it says: give it the retention that the history needs. */
  readonly store: Pick<DedupeStore, "read" | "claim" | "complete" | "release">;
}

/** What became of an event of a history. */
export type ImportReply =
  /** Its key is done now. */
  | "imported"
  /** Its key was done before: by an import, or because it was sent here. */
  | "alreadyDone"
  /** Nothing was written; the text says why, and nothing of the event. */
  | { readonly failed: string };

/** Writes what an older system already sent as done. */
export interface HistoryImporter {
  /**
   * One event, as it would come from the queue.
   *
   * @throws StoreUnavailableError when the store can't be asked; repeating it is safe
   */
  import(message: QueueMessage): Promise<ImportReply>;
}

/** For as long as an import that ends in the middle keeps a key from everybody else, ms. */
const LEASE_MS = 10_000;

/**
 * Makes the keys of what an older system sent `done`, so that a move doesn't send it again. Decoder,
 * selection, validation and key are the pipelines' own, so that a copy in the queue has the same key.
 * It is written only where nothing stands: a key that is being handled, or has an effect, is left alone.
 *
 * End it before the first consumer starts: what is handled meanwhile may be sent.
 *
 * @example
 * ```ts
 * const history = createHistoryImporter({ namespace: "tis", pipelines: [formUpdated], store });
 * const reply = await history.import({ id: "1", handle: "", body, attributes: {}, receiveCount: 1, sentAt });
 * ```
 * @throws ConfigurationError naming the option that is missing or wrong
 */
export function createHistoryImporter(options: HistoryImporterOptions): HistoryImporter {
  const { store } = options;
  const settings = admissionSettings(optionsOf("createHistoryImporter"), options);
  const owners = systemRandomness();
  return {
    import: async (message) => {
      const admission = await admitMessage(settings, message);
      if ("admitted" in admission) {
        return writeDone(store, admission.admitted, message.id, owners.id());
      }
      const { refused } = admission;
      return {
        failed: refused.kind === "deadLetter" ? `${refused.code}: ${refused.text}` : "fault",
      };
    },
  };
}

async function writeDone(
  store: HistoryImporterOptions["store"],
  { key, pipeline, fingerprint }: Admitted,
  messageId: string,
  owner: string,
): Promise<ImportReply> {
  const [standing] = repliesOf(await store.read([key.digest]));
  if (standing?.state === "done") return "alreadyDone";
  if (standing) return { failed: `a record stands there already, ${standing.state}` };
  const request = {
    ...{ key: key.digest, keyText: key.text, pipeline: pipeline.name, messageId },
    ...{ owner, leaseMs: LEASE_MS, fingerprint },
  };
  const [claimed] = repliesOf(await store.claim([request]));
  if (claimed?.status === "done") return "alreadyDone";
  if (claimed?.status !== "claimed") return { failed: "somebody handles it just now" };
  const lease = { key: key.digest, owner, fence: claimed.fence };
  if (claimed.fence > 1 || claimed.effects.length > 0) {
    // Somebody had it between the look and the claim.
    await store.release([lease]);
    return { failed: "somebody handled it a moment ago" };
  }
  const [reply] = repliesOf(await store.complete([{ ...lease, fingerprint }]));
  return reply === "done" ? "imported" : { failed: "its claim was lost: repeat it" };
}
