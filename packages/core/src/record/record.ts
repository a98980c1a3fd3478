import type { DeadInfo, EffectState, Lease, Receipt, Resolution } from "../ports/index.js";

/**
 * The record of one key: a pure state machine, and the one table that every store follows.
 *
 * ```
 * record   absent -> claimed -> done
 *                      |  ^  \-> dead            (fence + 1, before the dead letter's copy is sent)
 *           released / expired lease -> claimed again (fence + 1)
 * effect   absent -> sending -> accepted                       (terminal)
 *            ^          |  `--> rejected                       (a live claim may begin the next)
 *            |          `-----> unknown -> accepted | rejected (late fact, event, operator, verdict)
 *            `--------- blocked by the tripwire (never begun; operator: allow | drop)
 * ```
 *
 * `unknown` is `sending` whose claim is no longer live, or that was settled so. It may be begun again by
 * the verdict `resend`, or within the window of a provider that dedupes: `unknownSince` then keeps when the
 * earliest attempt began of which nothing is known, and `rejected` of a later one leads back to `unknown`,
 * never to free. This file says what a
 * record is, `claims.ts` decides about its claims, `effects.ts` about its effects, `view.ts` tells what
 * stands there. All only compute: `(record, operation, now) -> {record, reply}`. `now` is the store's
 * wall clock in milliseconds. An unchanged record is returned as the same object, so that a store can
 * skip the write.
 *
 * A field that doesn't apply is set to `undefined`, never left out: all records then have one shape,
 * which a copy costs a few nanoseconds; with fields that come and go it was two microseconds.
 */
export interface NotificationRecord {
  readonly key: string;
  /** Absent once the record is done: only unsettled records need words. */
  readonly keyText?: string | undefined;
  readonly pipeline: string;
  readonly state: "claimed" | "released" | "done" | "dead";
  readonly owner: string;
  /** Rises by one with each granted claim and each burial; never falls. */
  readonly fence: number;
  readonly leaseUntil: number;
  readonly claimedAt: number;
  readonly messageId: string;
  /**
   * Claims that count as tries: each does until its release says otherwise, so that one that ends without a
   * word is counted. They start again after `dead` and after a verdict.
   */
  readonly tries: number;
  /** Bound at the first `begin` or `block`, at the latest by `complete`. */
  readonly fingerprint?: string | undefined;
  readonly effects: readonly EffectRecord[];
  readonly waived?: Readonly<Record<string, string>> | undefined;
  readonly dead?: DeadInfo | undefined;
  readonly resolutions?: readonly Resolution[] | undefined;
  /** From this time on the record counts as absent. Never set on one with any effect until done. */
  readonly expiresAt?: number | undefined;
}

export interface EffectRecord {
  readonly effect: string;
  readonly state: EffectState;
  /** The attempt the state speaks of. */
  readonly owner: string;
  readonly fence: number;
  readonly attemptNumber: number;
  /** The highest attempt begun or given up under `floorFence`: a late `begin` at or below it is lost. */
  readonly floor: number;
  readonly floorFence: number;
  readonly startedAt: number;
  readonly deadline: number;
  /** Of every attempt at this effect that isn't proven unsent. */
  readonly staleAt: number;
  /**
   * When the earliest attempt began that isn't proven unsent, where that is one before the attempt the
   * state speaks of: the effect was begun again without knowing (a provider that dedupes, `resend`).
   */
  readonly unknownSince?: number | undefined;
  readonly reason?: string | undefined;
  readonly receipt?: Receipt | undefined;
  /** Receipts beyond the first: each is a proven duplicate. */
  readonly duplicates?: readonly Receipt[] | undefined;
  readonly allowed?: boolean | undefined;
  readonly settledAfterDeadLetter?: boolean | undefined;
  /**
   * Nothing was begun here: an event alone named the attempt, so that no event may confirm it, or stand for
   * an earlier one. An operator's verdict, and the receipt of who sent it, do.
   */
  readonly foreign?: boolean | undefined;
}

export interface RecordPolicy {
  /** Milliseconds a done record is kept after it was last seen. */
  readonly retentionMs: number;
}

export interface Transition<Reply> {
  readonly record: NotificationRecord | undefined;
  readonly reply: Reply;
}

export type MaybeRecord = NotificationRecord | undefined;

/** A record past its retention is no record. */
export function unexpired(record: MaybeRecord, now: number): MaybeRecord {
  return record?.expiresAt !== undefined && record.expiresAt <= now ? undefined : record;
}

export function isLive(record: NotificationRecord, now: number): boolean {
  return record.state === "claimed" && record.leaseUntil > now;
}

export function holds(record: NotificationRecord, lease: Lease): boolean {
  return record.state === "claimed" && record.owner === lease.owner && record.fence === lease.fence;
}
