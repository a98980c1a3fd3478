import type { UnresolvedItem } from "@exactly-once/core/ports";
import { isDoomed } from "../scenarios/events.js";
import type { SqsQueue } from "../worlds/sqs.js";
import { effectOf, isKeyExcused, type Ledger } from "./ledger.js";
import type { Report } from "./violations.js";

/** Other content under the same key is never taken for a duplicate. */
function judgeConflicts(ledger: Ledger, report: Report): void {
  const bodies = new Map<string, string>();
  for (const { messageId, key, body, kind } of ledger.produced.values()) {
    // Content is bound at the first `begin`, and a skipped event has none.
    if (kind === "skip") continue;
    if (key === undefined || ledger.copied.has(messageId) || ledger.movedByQueue.has(messageId))
      continue;
    // A record that was lost can't know what it was bound to.
    if (isKeyExcused(ledger, key) || ledger.unbound.has(key)) continue;
    const other = bodies.get(key) ?? body;
    bodies.set(key, other);
    if (other !== body)
      report("conflicts are told", `${messageId} says something else under ${key}`);
  }
}

/**
 * An attempt that nobody was granted, in a process that lives on, must not need an operator: its
 * `begin` without an answer is given up by the process itself.
 */
export function judgeOrphan(
  attemptId: string,
  ledger: Ledger,
  couldGiveUp: (owner: string) => boolean,
  report: Report,
): void {
  const owner = attemptId.split("-").at(-3) ?? "";
  if (ledger.heard.has(attemptId) || !couldGiveUp(owner)) return;
  if (ledger.excused.has(effectOf(attemptId)) || ledger.unsettled.has(attemptId)) return;
  report("no orphan hold", `${attemptId} was granted to nobody and is held all the same`);
}

/** Once the faults are over and everything rests: nothing lost, nothing stuck. */
export function judgeRest(
  ledger: Ledger,
  queue: SqsQueue,
  unresolved: readonly UnresolvedItem[],
  report: Report,
): void {
  judgeConflicts(ledger, report);
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
    if (effects.length === 0 && isDoomed(message.kind)) {
      report("no loss", `${messageId} (${message.kind}) wasn't dead-lettered`);
    }
  }
}
