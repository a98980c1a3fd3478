import { admitMessage, type Admission, type AdmissionOptions } from "./admit.js";
import type { Clock, QueueMessage } from "../ports/index.js";

/**
 * `admitMessage` for a host that is ended at a known time. A decoder that fetches may take longer than
 * that, which must not cost the rest of the batch its answer.
 *
 * @returns `undefined` where it isn't done within `leftMs`
 */
export async function admitInTime(
  options: AdmissionOptions & { readonly clock: Clock },
  message: QueueMessage,
  leftMs: number,
): Promise<Admission | undefined> {
  const admitting = admitMessage(options, message);
  if (!("then" in admitting)) return admitting;
  const ended = new AbortController();
  const overdue = options.clock.sleep(Math.max(0, leftMs), ended.signal).then(() => undefined);
  return Promise.race([admitting, overdue]).finally(() => {
    ended.abort();
  });
}
