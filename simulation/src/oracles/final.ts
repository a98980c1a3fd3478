import type { UnresolvedItem } from "@exactly-once/core";
import type { SqsQueue } from "../worlds/sqs.js";
import type { Ledger } from "./ledger.js";
import type { Report } from "./violations.js";

/** Once the faults are over and everything rests: nothing lost, nothing stuck. */
export function judgeRest(
  ledger: Ledger,
  queue: SqsQueue,
  unresolved: readonly UnresolvedItem[],
  report: Report,
): void {
  for (const { id } of queue.messages()) report("comes to rest", `${id} is still in the queue`);
  for (const { attempt } of unresolved) {
    report("no stuck hold", `${attempt.attemptId} is still ${attempt.state}`);
  }
  for (const message of ledger.produced.values()) {
    const { messageId, key, effects } = message;
    if (ledger.copied.has(messageId) || ledger.movedByQueue.has(messageId)) continue;
    for (const slot of effects) {
      const effectId = `${key}-${slot}`;
      if (ledger.mails.has(effectId) || ledger.dropped.has(effectId)) continue;
      report(
        "no loss",
        `${messageId} (${message.kind}): ${slot} was neither sent nor dead-lettered`,
      );
    }
    if (effects.length === 0 && key === undefined) {
      report("no loss", `${messageId} (${message.kind}) wasn't dead-lettered`);
    }
  }
}
