import type { DedupeStore } from "@exactly-once/core";
import type { UnreadableRecord, UnresolvedItem } from "@exactly-once/core/ports";
import { namespaceOfKey } from "./scope.js";

export interface AttentionFilter {
  readonly namespace?: string | undefined;
  readonly pipeline?: string | undefined;
  readonly state?: "unknown" | "blocked" | undefined;
  /** Of the attempt's start, ms since the epoch, inclusive. */
  readonly since?: number | undefined;
  /** Exclusive. */
  readonly until?: number | undefined;
}

/**
 * What needs attention, oldest deadline first, all pages of it.
 *
 * @param unreadable takes the records that can't be read, whosever they are: that isn't known
 */
export async function* needingAttention(
  store: DedupeStore,
  filter: AttentionFilter,
  unreadable: UnreadableRecord[] = [],
): AsyncGenerator<UnresolvedItem, void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await store.unresolved(cursor);
    unreadable.push(...page.unreadable);
    yield* page.items.filter((item) => matches(item, filter));
    cursor = page.next;
  } while (cursor !== undefined);
}

function matches(item: UnresolvedItem, filter: AttentionFilter): boolean {
  const { namespace, pipeline, state, since, until } = filter;
  const { startedAt } = item.attempt;
  // A key that doesn't say its namespace is rather shown than hidden.
  const itsNamespace = namespaceOfKey(item.keyText) ?? namespace;
  return (
    (namespace === undefined || itsNamespace === namespace) &&
    (pipeline === undefined || item.pipeline === pipeline) &&
    (state === undefined || item.attempt.state === state) &&
    (since === undefined || startedAt >= since) &&
    (until === undefined || startedAt < until)
  );
}

/** What there is to attend to, as JSON. */
export function attentionJson(item: UnresolvedItem) {
  const { attempt, dead } = item;
  return {
    attemptId: attempt.attemptId,
    state: attempt.state,
    pipeline: item.pipeline,
    effect: attempt.effect,
    key: item.key,
    keyText: item.keyText,
    messageId: item.messageId,
    reason: attempt.reason ?? null,
    startedAt: iso(attempt.startedAt),
    deadline: iso(attempt.deadline),
    notSentFrom: iso(attempt.staleAt),
    message: dead ? ("deadLetterQueue" as const) : ("queue" as const),
    deadLetter: dead ? { ...dead, at: iso(dead.at) } : null,
  };
}

export const iso = (at: number) => new Date(at).toISOString();
