import type { RedisStore } from "@exactly-once/redis-store";
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

export async function count(events: number, ses: LocalSes, store: RedisStore): Promise<Count> {
  const emails = new Map<string, number>();
  for (const { destinations } of ses.sent()) {
    const [to = ""] = destinations;
    emails.set(to, (emails.get(to) ?? 0) + 1);
  }
  const listed = await unresolvedKeys(store);
  let lost = 0;
  for (let id = 0; id < events; id += 1) {
    if (!emails.has(recipientOf(id)) && !listed.has(keyOf(id))) lost += 1;
  }
  return {
    accepted: emails.size,
    duplicates: ses.accepted() - emails.size,
    unresolved: listed.size,
    lost,
  };
}

/** How many events are neither done nor waiting for a verdict. */
export async function countOpen(events: number, store: RedisStore): Promise<number> {
  const keys = Array.from({ length: events }, (_, id) => keyOf(id));
  const listed = await unresolvedKeys(store);
  const views = await store.read(keys);
  return views.filter((view, id) => view?.state !== "done" && !listed.has(keys[id] ?? "")).length;
}

async function unresolvedKeys(store: RedisStore): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await store.unresolved(cursor);
    for (const { key } of page.items) keys.add(key);
    cursor = page.next;
  } while (cursor !== undefined);
  return keys;
}
