import type {
  EffectRecord,
  MaybeRecord,
  NotificationRecord,
  Transition,
} from "../record/record.js";
import { AttentionIndex, type AttentionPlace } from "./attention-index.js";

/** The records of a process, without those that have expired. */
export class MemoryRecords {
  /**
   * Roughly in the order in which they expire, as all have the same retention: whatever is seen again
   * once it is done goes to the end.
   */
  readonly #records = new Map<string, NotificationRecord>();
  /** Keys with an effect that may need attention. */
  readonly #attention = new AttentionIndex();
  /** No record expires before this time: until then there is nothing to sweep. */
  #sweepAt = Infinity;

  get size(): number {
    return this.#records.size;
  }

  get(key: string): MaybeRecord {
    return this.#records.get(key);
  }

  /** Keys with an effect that may need attention, oldest first, from that place in their order on. */
  needingAttention(ordinal: number): Iterable<AttentionPlace> {
    return this.#attention.from(ordinal);
  }

  /** One operation of the table on the key's record. */
  apply<Reply>(
    key: string,
    now: number,
    change: (found: MaybeRecord, now: number) => Transition<Reply>,
  ): Reply {
    if (now >= this.#sweepAt) this.#sweep(now);
    const found = this.#records.get(key);
    const { record, reply } = change(found, now);
    if (record !== found) this.#put(key, found, record);
    return reply;
  }

  #put(key: string, before: MaybeRecord, record: MaybeRecord): void {
    if (before?.state === "done" || !record) this.#records.delete(key);
    if (record) this.#records.set(key, record);
    const expiresAt = record?.expiresAt ?? Infinity;
    if (expiresAt < this.#sweepAt) this.#sweepAt = expiresAt;
    if (record?.effects.some(needsAttention)) this.#attention.add(key);
    else if (before?.effects.some(needsAttention)) this.#attention.delete(key);
  }

  /** Looks at each record once at most; ends at the first that is yet to expire. */
  #sweep(now: number): void {
    this.#sweepAt = Infinity;
    let left = this.#records.size;
    for (const [key, record] of this.#records) {
      if (left-- === 0) return;
      if (record.expiresAt === undefined) {
        // Kept for as long as it isn't settled: at the end it is in no sweep's way.
        this.#records.delete(key);
        this.#records.set(key, record);
      } else if (record.expiresAt > now) {
        this.#sweepAt = record.expiresAt;
        return;
      } else {
        this.#put(key, record, undefined);
      }
    }
  }
}

function needsAttention(effect: EffectRecord): boolean {
  return effect.state === "sending" || effect.state === "unknown" || effect.state === "blocked";
}
