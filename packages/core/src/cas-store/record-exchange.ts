import { UnreadableRecordError } from "../errors.js";
import type { Clock } from "../ports/index.js";
import { isLive, type MaybeRecord, type Transition } from "../record/record.js";
import { needsAttentionAt } from "./attention.js";
import type { CasCell } from "./cas-port.js";
import { recordName } from "./cell-name.js";
import type { Assumption, Decide, Exchange } from "./exchange.js";
import { recentMap, sighted, type Sighting } from "./own-cells.js";
import type { PortCalls } from "./port-calls.js";
import { decodeRecord, encodeRecord, type StoredRecord } from "./record-format.js";
import type { StoreTime } from "./store-time.js";

/** Claims and sightings that a process remembers: a forgotten one costs a read. */
const REMEMBERED = 20_000;
/** SQS hides no message for longer, so no lease is longer. */
export const LONGEST_LEASE_MS = 12 * 60 * 60_000;

/** One operation of the table on one record. */
export interface RecordOperation<Reply> {
  readonly change: (found: MaybeRecord, now: number) => Transition<Reply>;
  /**
   * Whether this reply says that this process holds the claim, so that the record is worth remembering.
   * `same`: as before.
   */
  readonly holds: (reply: Reply) => boolean | "same";
  /** The write is to be refused once the lease that was found is over. */
  readonly underLease?: boolean;
  /** Whether this reply may follow only a write of this very call. */
  readonly mustWrite?: (reply: Reply) => boolean;
  /** Of a claim: whether this reply says that somebody else holds it. */
  readonly isBusy?: (reply: Reply) => boolean;
}

export interface RecordExchangeOptions {
  readonly exchange: Exchange;
  readonly calls: PortCalls;
  readonly time: StoreTime;
  readonly clock: Clock;
}

/** Carries an operation out on the record of a key. */
export type RecordExchange = <Reply>(
  key: string,
  operation: RecordOperation<Reply>,
) => Promise<Reply>;

/**
 * A process remembers the records of the claims it holds, with their revisions. Begin, settle, extend and
 * complete are then one conditional write each, without a read; and a key that it hasn't seen is claimed by
 * one write that only holds where nothing stands.
 *
 * It remembers when it first saw the revision of a claim of somebody else's as well. Who wrote it took a
 * lease of a length that is written there, so that it is over once the same revision was seen for so long
 * by this process' monotonic clock: a writer whose clock is far ahead doesn't block its key for ever.
 */
export function recordExchange(options: RecordExchangeOptions): RecordExchange {
  const { exchange, calls, time, clock } = options;
  const own = recentMap<CasCell>(REMEMBERED);
  const others = recentMap<Sighting>(REMEMBERED);

  function assumed(name: string, isClaim: boolean): Assumption | undefined {
    const cell = own.get(name);
    if (!isClaim) return cell && { cell };
    return cell || others.get(name) ? undefined : { cell: undefined };
  }

  function remember<Reply>(
    name: string,
    { holds, isBusy }: RecordOperation<Reply>,
    reply: Reply,
    cell: CasCell | undefined,
  ): void {
    const held = holds(reply);
    if (cell && (held === "same" ? own.get(name) : held)) own.set(name, cell);
    else own.delete(name);
    if (!isBusy) return;
    if (cell && isBusy(reply)) {
      others.set(name, sighted(others.get(name), cell, clock.monotonic()));
    } else others.delete(name);
  }

  /** Whether a claim's lease is over by its length alone. */
  function isOver({ record, writtenAt }: StoredRecord, name: string, cell: CasCell): boolean {
    const seen = others.get(name);
    if (seen?.revision !== cell.revision) return false;
    const leaseMs = Math.min(record.leaseUntil - writtenAt, LONGEST_LEASE_MS);
    return clock.monotonic() - seen.since >= leaseMs;
  }

  /** A transition of the table, as an exchange of the record's cell. */
  function decided<Reply>(name: string, operation: RecordOperation<Reply>): Decide<Reply> {
    const { change, underLease = false, mustWrite, isBusy } = operation;
    return (cell, now) => {
      const stored = cell && decodeRecord(name, cell.value);
      let found = standing(stored?.record, now);
      if (isBusy && cell && stored && found && isLive(found, now) && isOver(stored, name, cell)) {
        found = { ...found, leaseUntil: now };
      }
      const { record, reply } = change(found, now);
      if (!record || (record === found && mustWrite?.(reply) !== true)) return { reply };
      return {
        reply,
        draft: {
          value: encodeRecord(record, now, stored?.unknown),
          attentionAt: needsAttentionAt(record),
          expiresAt: record.expiresAt,
          liveUntil: earlier(
            underLease ? found?.leaseUntil : undefined,
            underLease || isBusy ? time.notAfter(now) : undefined,
          ),
        },
      };
    };
  }

  return async (key, operation) => {
    const name = recordName(key);
    try {
      return await exchange.run(name, decided(name, operation), {
        assume: () => assumed(name, operation.isBusy !== undefined),
        done: (reply, cell) => remember(name, operation, reply, cell),
      });
    } catch (error) {
      own.delete(name);
      // What can't be read is put into the index as it stands, so that an operator sees it.
      if (error instanceof UnreadableRecordError) {
        await calls.attend(name, time.now()).catch(() => {});
      }
      throw error;
    }
  };
}

function earlier(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}

/**
 * A record stands until the store has deleted it: a process whose clock is ahead would take it for absent,
 * and send again.
 */
export function standing(record: MaybeRecord, now: number): MaybeRecord {
  if (record?.expiresAt === undefined || record.expiresAt > now) return record;
  return { ...record, expiresAt: now + 1 };
}
