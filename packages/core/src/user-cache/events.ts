import type { SourceFault } from "./source.js";

/** Why a rebuild began. */
export type RebuildReason =
  /** There is no snapshot yet. */
  | "cold"
  /** The snapshot nears the end of its time. */
  | "expiring"
  /** A lookup needed something newer. */
  | "demanded"
  /** `refresh()` was called. */
  | "requested";

/** How far a walk is. */
export interface RebuildProgress {
  readonly pages: number;
  readonly users: number;
  readonly elapsedMs: number;
  readonly usersPerSecond: number;
  /** As many as last time; absent on the first walk. */
  readonly expectedUsers?: number;
  /** Milliseconds to the end at the rate so far; absent where nothing is expected. */
  readonly etaMs?: number;
}

/** Everything that happens to a user cache. No event bears an id or anything personal. */
export type UserCacheEvent =
  | { readonly type: "started"; readonly reason: RebuildReason }
  | ({ readonly type: "page" } & RebuildProgress)
  | {
      readonly type: "pageFailed";
      readonly fault: SourceFault;
      readonly error: unknown;
      /** In a row, on this page. */
      readonly failures: number;
      readonly retryInMs: number;
    }
  | {
      readonly type: "swapped";
      readonly origin: "walk" | "shared";
      readonly users: number;
      /** Records that can be found: users with a key, once per key. */
      readonly entries: number;
      /** Memory the snapshot takes. */
      readonly bytes: number;
      readonly asOf: number;
      readonly tookMs: number;
    }
  /** A walk was given up. What the source refuses, somebody has to mend; it is tried again all the same. */
  | {
      readonly type: "failed";
      readonly error: unknown;
      readonly fault: SourceFault;
      readonly retryInMs: number;
    }
  /** A walk ended well, but with far fewer users than before: not believed. */
  | {
      readonly type: "refused";
      readonly users: number;
      readonly entries: number;
      readonly previousUsers: number;
      readonly previousEntries: number;
      readonly retryInMs: number;
    }
  /** Another replica rebuilds; this one looks again after `retryInMs`. */
  | { readonly type: "waiting"; readonly retryInMs: number }
  /** The rebuild lease went to another replica; what this one had walked is thrown away. */
  | { readonly type: "leaseLost" }
  /** The shared backend failed; the cache goes on by itself. */
  | { readonly type: "sharedFailed"; readonly operation: string; readonly error: unknown }
  /** Once for each snapshot that is served beyond its time. */
  | { readonly type: "servedStale"; readonly ageMs: number }
  /** Once for each snapshot that is too old to be served at all. */
  | { readonly type: "expired"; readonly ageMs: number }
  | { readonly type: "findFailed"; readonly error: unknown };

/** Gets every event at once. What it throws is ignored. */
export type UserCacheObserver = (event: UserCacheEvent) => void;
