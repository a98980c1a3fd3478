/** Describes one complete generation of a shared snapshot. Times are ms since the epoch. */
export interface SnapshotManifest {
  /** Names the generation; never used twice. */
  readonly generation: string;
  /** What the chunks' bytes mean. Replicas ignore a snapshot in another format. */
  readonly format: string;
  readonly chunks: number;
  readonly entries: number;
  readonly users: number;
  /** When the walk began: whatever happened before is in it. */
  readonly asOf: number;
  readonly completedAt: number;
}

/** The right to rebuild, held by one replica at a time. `fence` rises with every grant. */
export interface RebuildLease {
  readonly owner: string;
  readonly fence: number;
}

/** Whether this replica may rebuild. */
export type AcquireReply =
  | { readonly status: "granted"; readonly lease: RebuildLease }
  | {
      readonly status: "busy";
      /** Milliseconds until the other's lease ends unless it is extended. */
      readonly retryAfterMs: number;
    };

/**
 * A snapshot that the replicas of a service share. One of them rebuilds under a fenced lease,
 * writes chunk by chunk into a new generation that nobody reads yet, and `publish` switches to it
 * in one step. Results are values; a promise rejects only when the backend failed, and then the
 * operation may have happened or not.
 */
export interface SharedSnapshot {
  /** The generation that is published now. */
  head(): Promise<SnapshotManifest | undefined>;
  /** `count` chunks from `first` on; `undefined` when the generation has been removed. */
  read(
    generation: string,
    first: number,
    count: number,
  ): Promise<readonly Uint8Array[] | undefined>;
  /** Asking again as the owner of a live lease is answered with the same lease. */
  acquire(request: { readonly owner: string; readonly leaseMs: number }): Promise<AcquireReply>;
  /** Keeps the right to rebuild for longer; `lost` where it went to another replica. */
  extend(lease: RebuildLease, leaseMs: number): Promise<"held" | "lost">;
  /** Writes a chunk of the generation under this lease. Writing it again replaces it. */
  write(
    lease: RebuildLease,
    chunk: number,
    bytes: Uint8Array,
    ttlMs: number,
  ): Promise<"written" | "lost">;
  /**
   * Makes what was written under this lease the head, for `ttlMs`, and gives the lease back. The
   * former generation stays readable for a short while, for replicas that are reading it.
   */
  publish(
    lease: RebuildLease,
    manifest: Omit<SnapshotManifest, "generation">,
    ttlMs: number,
  ): Promise<"published" | "lost">;
  /** Removes what was written under this lease and gives it back. */
  abandon(lease: RebuildLease): Promise<void>;
}
