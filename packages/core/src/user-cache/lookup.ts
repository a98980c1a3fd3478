import type { RebuildProgress } from "./events.js";

/** What an answer must be to be given. */
export interface LookupOptions<User = unknown> {
  readonly signal?: AbortSignal | undefined;
  /**
   * An answer "absent" must be known from `listingDelayMs` after this time, ms since the epoch: the
   * time the message was sent. More than five minutes in the future is no time at which anything has happened, and
   * is ignored.
   */
  readonly freshAfter?: number | undefined;
  /**
   * Whether the accounts found will do. What it refuses (two accounts, one without an address) is
   * treated as absent while it isn't known from after `freshAfter`, since somebody may have put it
   * right; after that it is found as it is.
   */
  readonly acceptable?: ((users: readonly User[]) => boolean) | undefined;
  /** How long to wait at most, ms. Short: a waiting worker handles nothing else. */
  readonly waitMs?: number | undefined;
}

/** What is known of a key. */
export type LookupResult<User> =
  /** At least one account; several are the caller's to judge. At most 64 are given. */
  | { readonly status: "found"; readonly users: readonly User[]; readonly asOf: number }
  /** There was none at `asOf`. */
  | { readonly status: "absent"; readonly asOf: number }
  /** Not known yet: handle the message again after `retryAfterMs`. */
  | {
      readonly status: "defer";
      readonly retryAfterMs: number;
      readonly reason: DeferReason;
    };

/**
 * `cold`: there is no snapshot yet. `expired`: it is too old to be used. `refreshing`: the key isn't
 * in it, and a newer one has been asked for. `stopped`: the cache has been stopped.
 */
export type DeferReason = "cold" | "expired" | "refreshing" | "stopped";

/** For gauges and health endpoints. */
export interface UserCacheStats {
  /** `stale` is beyond `ttlMs` and still served, `expired` is not served. */
  readonly state: "cold" | "fresh" | "stale" | "expired";
  /** Users walked; those without a key included. */
  readonly users: number;
  /** Records that can be found. */
  readonly entries: number;
  /** Memory the snapshot takes. */
  readonly bytes: number;
  readonly asOf?: number;
  readonly completedAt?: number;
  readonly origin?: "walk" | "shared";
  /** Of the walk that is under way in this process. */
  readonly progress?: RebuildProgress;
  /** Rebuilds that failed or were refused since the last good one. */
  readonly failuresInARow: number;
  readonly found: number;
  readonly absent: number;
  readonly deferred: number;
}

/**
 * A cache of all users of a pool that has to be walked as a whole.
 *
 * cold → fresh → (70 to 80 % of `ttlMs`) rebuilding beside the old snapshot → fresh. A rebuild that
 * fails leaves the old snapshot: fresh → stale → expired. A lookup never walks; it answers from the
 * snapshot, waits a little for a newer one where that could change the answer, or defers.
 */
export interface UserCache<User> {
  /** Begins to fill the cache and to keep it fresh. */
  start(): void;
  /**
   * Resolves with true once lookups can be answered: start the consumer then. False: stopped.
   *
   * @throws ConfigurationError where there is no snapshot yet, and the source says what somebody has to
   *   mend. The cache goes on trying.
   */
  ready(): Promise<boolean>;
  /** Answers from the snapshot. Waits a little where a newer one could change the answer, else defers. */
  lookup(id: string, options?: LookupOptions<User>): Promise<LookupResult<User>>;
  /**
   * Asks for a rebuild at once. `acceptShrink` believes the next walk even if it brings far fewer
   * users than the last: for an operator who knows why.
   */
  refresh(options?: { readonly acceptShrink?: boolean | undefined }): void;
  /** How it is now. */
  stats(): UserCacheStats;
  /** Ends a rebuild under way and every wait; lookups defer from now on. */
  stop(): Promise<void>;
}
