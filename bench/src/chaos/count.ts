import { repliesOf, type UnresolvedItem } from "@exactly-once/core/ports";
import type { DedupeStore } from "@exactly-once/core";
import type { LocalSes } from "@exactly-once/ses-adapter/testing";
import { keyOf, recipientOf } from "./notification.js";

/** What became of the events. */
export interface Count {
  /** Events whose email the SES accepted. */
  readonly accepted: number;
  /** Emails accepted beyond the first of an event. */
  readonly duplicates: number;
  /** Events that the store lists as unresolved, whether their email was accepted or not. */
  readonly unresolved: number;
  /** Events neither accepted nor listed. */
  readonly lost: number;
}

/** The same, and which events. */
export interface NamedCount extends Count {
  readonly duplicateIds: readonly number[];
  readonly lostIds: readonly number[];
}

/**
 * The list is read first: what is settled as accepted meanwhile is counted as both, and not as
 * neither.
 */
export async function count(
  events: number,
  ses: LocalSes,
  store: DedupeStore,
): Promise<NamedCount> {
  const listed = new Set((await listUnresolved(store)).map(({ key }) => key));
  const emails = new Map<string, number>();
  for (const { destinations } of ses.sent()) {
    const [to = ""] = destinations;
    emails.set(to, (emails.get(to) ?? 0) + 1);
  }
  const ids = Array.from({ length: events }, (_, id) => id);
  const lostIds = ids.filter((id) => !emails.has(recipientOf(id)) && !listed.has(keyOf(id)));
  return {
    accepted: emails.size,
    duplicates: ses.accepted() - emails.size,
    unresolved: listed.size,
    lost: lostIds.length,
    duplicateIds: ids.filter((id) => (emails.get(recipientOf(id)) ?? 0) > 1),
    lostIds,
  };
}

/** How many events are neither done nor waiting for a verdict. */
export async function countOpen(events: number, store: DedupeStore): Promise<number> {
  const keys = Array.from({ length: events }, (_, id) => keyOf(id));
  const listed = new Set((await listUnresolved(store)).map(({ key }) => key));
  const views = repliesOf(await store.read(keys));
  return views.filter((view, id) => view?.state !== "done" && !listed.has(keys[id] ?? "")).length;
}

export async function listUnresolved(store: DedupeStore): Promise<readonly UnresolvedItem[]> {
  const items: UnresolvedItem[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.unresolved(cursor);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return items;
}

export function figures({ accepted, duplicates, unresolved, lost }: Count): Count {
  return { accepted, duplicates, unresolved, lost };
}
