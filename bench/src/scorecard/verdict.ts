export interface Evidence {
  /** Ids of the events that were published, and the group of each. */
  readonly groups: ReadonlyMap<number, string>;
  /** Ids of the emails that SES accepted, in order. */
  readonly emails: readonly number[];
  /** Ids still in the queue at the end. */
  readonly queued: ReadonlySet<number>;
  readonly deadLettered: ReadonlySet<number>;
  /** Ids that the contender's own store lists for a human. */
  readonly listed: ReadonlySet<number>;
}

export interface Verdict {
  readonly events: number;
  /** Events with more than one email. */
  readonly sentTwice: number;
  /** Events without an email that are nowhere any more: nobody will send it, nobody is told. */
  readonly neverSent: number;
  /** Events whose email came after the email of a later event of their group. */
  readonly outOfOrder: number;
  /** Messages still in the queue that nobody lists. */
  readonly stuck: number;
  /** Events that wait for a human: listed by the store, or among the dead letters. */
  readonly held: number;
}

/** What became of the events. Groups mean an order only on a FIFO queue. */
export function judge(evidence: Evidence, ordered: boolean): Verdict {
  const { groups, emails, queued, deadLettered, listed } = evidence;
  const counts = new Map<number, number>();
  for (const id of emails) counts.set(id, (counts.get(id) ?? 0) + 1);
  const ids = [...groups.keys()];
  const known = (id: number): boolean => queued.has(id) || deadLettered.has(id) || listed.has(id);
  return {
    events: ids.length,
    sentTwice: ids.filter((id) => (counts.get(id) ?? 0) > 1).length,
    neverSent: ids.filter((id) => !counts.has(id) && !known(id)).length,
    outOfOrder: ordered ? countOutOfOrder(groups, emails) : 0,
    stuck: [...queued].filter((id) => !listed.has(id)).length,
    held: new Set([...deadLettered, ...listed]).size,
  };
}

/** Only the first email of each event tells when it was handled. */
function countOutOfOrder(groups: ReadonlyMap<number, string>, emails: readonly number[]): number {
  const latest = new Map<string, number>();
  let late = 0;
  for (const id of new Set(emails)) {
    const group = groups.get(id) ?? "";
    const before = latest.get(group) ?? -1;
    if (id < before) late += 1;
    else latest.set(group, id);
  }
  return late;
}

/** Tells for how many milliseconds what is seen has stayed the same. */
export function watchChanges(): { stillFor(evidence: Evidence, now: number): number } {
  let before = "";
  let since = 0;
  return {
    stillFor: ({ emails, queued, deadLettered, listed }, now) => {
      const seen = [emails.length, queued.size, deadLettered.size, listed.size].join();
      if (seen !== before) since = now;
      before = seen;
      return now - since;
    },
  };
}
