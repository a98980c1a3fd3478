/**
 * What a database has to be able to do so that `casStore` makes a complete `DedupeStore` of it: keep
 * named values that are replaced only where the revision that was read still stands.
 *
 * A **cell** is one such value. Most are records of notifications; control flags, reservations, counters,
 * the reconciler's mark and the user snapshot are cells, too. A port doesn't look into values.
 *
 * ```
 * absent --write(expected: undefined)--> standing(revision) --write(expected: revision)--> standing(other)
 *    ^                                        |
 *    '------ deleted: by write, or because `expiresAt` is past by the database's own clock
 * ```
 *
 * What every implementation owes, each with a row of `casPortSuite`:
 *
 * 1. **One step.** Condition and write of one cell are atomic, against every other client.
 * 2. **Strong reads.** `read` shows what was written by any write that has been answered, from whichever
 *    replica. A read that may be stale is a fault.
 * 3. **Answered is kept.** `written` is answered only once no single failure can take the write back: it is
 *    replicated as the database replicates, and in durable storage. Anything less (a warning at commit, a
 *    demoted primary, a confirmation that was only queued) is a fault: the item is unanswered.
 * 4. **Unanswered means unknown.** A call that fails or times out may have been executed, may be executed
 *    later, and may be executed twice where its client repeats it. A port repeats by itself only what the
 *    database provably didn't execute (throttling, a connection that was refused, a transaction that was
 *    rolled back), and only until `signal` aborts.
 * 5. **Item by item.** A fault of one item is that item's error; a call rejects only where nothing is known
 *    of any item. A call names a cell once. Where a call locks several cells, it does so in the order of
 *    their names, so that two calls can't wait for each other.
 * 6. **Absent is what the database deleted.** A cell whose `expiresAt` is past stands until then, and is
 *    read and compared like any other. Only the database's own clock deletes.
 * 7. **The index only suggests.** `attention` may lag, list too much, and list a cell twice; what was written
 *    with `attentionAt` is listed at last.
 *
 * `signal` aborts when the caller waits no longer: give up what can be given up, and repeat nothing.
 * Results are values; what a port throws is taken for an outage.
 */
export interface CasPort {
  /**
   * Whose clock there is. `store`: each answer's `at` is the database's clock while it executed the call,
   * and `liveUntil` is judged by it. `caller`: neither; `casStore` goes by its own clock, and adds the skew
   * that clocks may have.
   */
  readonly clock: "caller" | "store";
  /** Survives a restart of the process that made it. */
  readonly durable: boolean;
  /** Seen by every replica of the service. */
  readonly shared: boolean;
  /** The most cells that a call of `write` or `read` is given. */
  readonly maxBatch: number;
  /** The largest value of a cell, in bytes of UTF-8. At least 350,000. */
  readonly maxValueBytes: number;
  /** What stands, or `undefined`, in the order of the names. With no names: the clock alone. */
  read(names: readonly string[], signal: AbortSignal): Promise<CasAnswer<CasCell | undefined>>;
  /** Each write where its condition holds, in the order of the items. */
  write(items: readonly CasWrite[], signal: AbortSignal): Promise<CasAnswer<CasWritten>>;
  /**
   * Puts a cell into the attention index as it stands, for `casStore` couldn't read its value. Changes
   * neither value nor revision nor expiry, and does nothing where the cell is absent or already listed.
   */
  attend(name: string, attentionAt: number, signal: AbortSignal): Promise<void>;
  /**
   * Names of cells that may need attention, by `attentionAt` and then by name, at most `limit` of them.
   * `cursor` is the `next` of the page before: cells that were settled meanwhile make a page skip nothing.
   */
  attention(
    cursor: string | undefined,
    limit: number,
    signal: AbortSignal,
  ): Promise<CasAttentionPage>;
  /**
   * Deletes at most `limit` cells whose `expiresAt` is past by the database's own clock; absent where the
   * database does that by itself. Called now and then. A cell is deleted with a condition on what made it
   * expire, so that one that was written meanwhile stays.
   *
   * @returns how many were deleted
   */
  deleteExpired?(limit: number, signal: AbortSignal): Promise<number>;
}

/** A cell as it stands. */
export interface CasCell {
  /** A random id that came with the write: never the same for two writes, also across deletion. */
  readonly revision: string;
  /** Text without NUL and without lone surrogates, as it was written. */
  readonly value: string;
}

/** One write, under one condition. */
export interface CasWrite {
  /**
   * 1 to 200 of `[a-z0-9=/._-]`, and unequal names are unequal in any collation. A record's name is its
   * key's digest.
   */
  readonly name: string;
  /** The revision that has to stand, or `undefined` where the cell has to be absent. */
  readonly expected: string | undefined;
  /** The new revision: 1 to 32 of `[0-9a-z]`. */
  readonly revision: string;
  /** The new value; `null` deletes the cell. */
  readonly value: string | null;
  /** Lists the cell in the attention index, by this time; `undefined` takes it out. Whole ms. */
  readonly attentionAt: number | undefined;
  /** From then on the database may delete the cell; `undefined`: never. Whole ms since the epoch. */
  readonly expiresAt: number | undefined;
  /**
   * A further condition where the clock is the store's: its time, while it executes the write, is before
   * this. A lease can't end between the decision and the write then. Ignored where it is the caller's.
   */
  readonly liveUntil: number | undefined;
}

/** `refused`: the condition didn't hold, so nothing was written by this execution of the call. */
export type CasWritten = "written" | "refused";

/** What a call answers: for each item its reply or its fault. */
export interface CasAnswer<Reply> {
  readonly items: readonly (Reply | Error)[];
  /** The database's clock during the call, ms since the epoch; required where the clock is the store's. */
  readonly at?: number | undefined;
}

/** A page of the attention index. */
export interface CasAttentionPage {
  readonly names: readonly string[];
  /** Absent on the last page. */
  readonly next?: string | undefined;
}
