import { UnreadableRecordError } from "../errors.js";
import type { UnreadableRecord, UnresolvedItem, UnresolvedPage } from "../ports/index.js";
import type { EffectRecord, NotificationRecord } from "../record/record.js";
import { unresolvedItems } from "../record/view.js";
import type { PortCalls } from "./port-calls.js";
import { decodeRecord } from "./record-format.js";
import type { StoreTime } from "./store-time.js";

/** When the oldest attempt of the record began that may need attention. */
export function needsAttentionAt(record: NotificationRecord): number | undefined {
  const open = record.effects.filter(mayNeedAttention);
  return open.length === 0 ? undefined : Math.floor(Math.min(...open.map((e) => e.startedAt)));
}

function mayNeedAttention({ state }: EffectRecord): boolean {
  return state === "sending" || state === "unknown" || state === "blocked";
}

/**
 * One page of `pageSize` records, the oldest attempts first. The index only suggests: each record is read
 * strongly, and what it doesn't say isn't listed. A record with many open effects lists them together.
 */
export async function unresolvedPage(
  calls: PortCalls,
  time: StoreTime,
  cursor: string | undefined,
  pageSize: number,
): Promise<UnresolvedPage> {
  const { names, next } = await calls.attention(cursor, pageSize);
  const distinct = [...new Set(names)];
  const cells = await calls.readMany(distinct);
  const items: UnresolvedItem[] = [];
  const unreadable: UnreadableRecord[] = [];
  for (const [i, name] of distinct.entries()) {
    const cell = cells[i];
    if (cell instanceof Error) throw cell;
    if (cell === undefined) continue;
    try {
      items.push(...unresolvedItems(decodeRecord(name, cell.value).record, time.now()));
    } catch (error) {
      if (!(error instanceof UnreadableRecordError)) throw error;
      unreadable.push({ key: error.key, why: error.why });
    }
  }
  return { items, unreadable, ...(next === undefined ? {} : { next }) };
}
