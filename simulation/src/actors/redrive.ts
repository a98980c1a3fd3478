import type { Ledger } from "../oracles/ledger.js";
import type { SqsQueue } from "../worlds/sqs.js";

/**
 * What the operator's redrive does: puts the copies that can still succeed back into the queue. The
 * deduplication id is the copy's own, or the queue would swallow it within five minutes.
 */
export function redriveOnce(dlq: SqsQueue, main: SqsQueue, ledger: Ledger): number {
  let redriven = 0;
  for (const { id, body, groupId, attributes } of dlq.messages()) {
    const original = ledger.produced.get(attributes["originalId"] ?? "");
    if (!original || original.effects.length === 0) continue;
    const sent = main.send({ body, ...(groupId === undefined ? {} : { groupId }), dedupId: id });
    ledger.produced.set(sent.id, {
      ...original,
      messageId: sent.id,
      sequence: ledger.produced.size + 1,
      redriven: true,
    });
    redriven += 1;
  }
  return redriven;
}
