import { optionsOf } from "../options.js";
import type { Clock, Randomness } from "../ports/index.js";
import { systemClock, systemRandomness } from "../timing/system-clock.js";
import { boundedSharedSnapshot } from "./bounded-shared-snapshot.js";
import { jsonCodec, type UserCodec } from "./codec.js";
import type { UserCacheObserver } from "./events.js";
import type { SharedSnapshot } from "./shared-snapshot.js";
import type { UserSource } from "./source.js";

/** What a user cache is made of. Times are in milliseconds. */
export interface UserCacheOptions<User> {
  readonly source: UserSource<User>;
  /**
   * The keys a user is found by. None for a user without the attribute: such a user is counted and
   * not kept. A user with several keys is kept once for each.
   */
  readonly keys: (user: User) => readonly string[];
  /**
   * What makes two records the same account, say its `sub`: a walk over a pool that changes may
   * meet an account twice. Default: records are the same when they are equal.
   */
  readonly identity?: ((user: User) => string) | undefined;
  /** How users are kept as bytes. Default {@link jsonCodec}; `fieldsCodec` takes less. */
  readonly codec?: UserCodec<User> | undefined;
  /** Milliseconds for which a snapshot is fresh. Its replacement begins after 70 to 80 % of it. */
  readonly ttlMs: number;
  /** Milliseconds beyond `ttlMs` for which it still serves while rebuilds fail. Default 24 hours. */
  readonly maxStaleMs?: number | undefined;
  /**
   * Milliseconds after a snapshot was completed for which a key that isn't in it counts as absent.
   * After that a lookup for such a key asks for a newer one. Default half of `ttlMs`.
   */
  readonly absentTtlMs?: number | undefined;
  /**
   * Milliseconds after which the source surely shows what was changed: directories are eventually
   * consistent, so that an account may be missing from a walk begun just after it was made. An answer
   * "absent" for something newer counts only from a walk begun so long after it. Default 5,000.
   */
  readonly listingDelayMs?: number | undefined;
  /** Least milliseconds between snapshots that lookups ask for. Default one minute. */
  readonly minIntervalMs?: number | undefined;
  /** How long a lookup waits at most, ms, unless it says otherwise. Default 1,000. */
  readonly waitMs?: number | undefined;
  /** A walk that brings less than this share of the last one is refused. 0 to 1, default 0.5. */
  readonly minShare?: number | undefined;
  /** Milliseconds a page (or a `find`) may take. Default 30,000. */
  readonly pageTimeoutMs?: number | undefined;
  /** Failures in a row on one page after which a walk is given up. Default 10. */
  readonly maxPageFailures?: number | undefined;
  /** Where replicas share one snapshot, so that one walk serves all of them. */
  readonly shared?: SharedSnapshot | undefined;
  /** After so many milliseconds without a sign of life another replica takes over. Default 30,000. */
  readonly leaseMs?: number | undefined;
  /** How often a replica that waits for another's snapshot looks for it, ms. Default 1,000. */
  readonly pollMs?: number | undefined;
  /** Milliseconds after which the shared backend counts as gone. Default 5,000. */
  readonly sharedTimeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly randomness?: Randomness | undefined;
  readonly observe?: UserCacheObserver | undefined;
}

export interface UserCacheSettings<User> {
  readonly source: UserSource<User>;
  readonly keys: (user: User) => readonly string[];
  /** Default: records are the same account when they are equal. */
  readonly identity: ((user: User) => string) | undefined;
  readonly codec: UserCodec<User>;
  readonly ttlMs: number;
  readonly maxStaleMs: number;
  readonly absentTtlMs: number;
  readonly listingDelayMs: number;
  readonly minIntervalMs: number;
  readonly waitMs: number;
  readonly minShare: number;
  readonly pageTimeoutMs: number;
  readonly maxPageFailures: number;
  /** Bounded in time. */
  readonly shared?: SharedSnapshot;
  readonly leaseMs: number;
  readonly pollMs: number;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

const DAY_MS = 86_400_000;
/** Asking more often than that is a busy loop. */
const LEAST_LEASE_MS = 100;

/** Checks the options of `createUserCache` and fills in the defaults. */
export function userCacheSettings<User>(options: UserCacheOptions<User>): UserCacheSettings<User> {
  const check = optionsOf("createUserCache");
  const ttlMs = check.ms("ttlMs", options.ttlMs);
  const clock = options.clock ?? systemClock();
  const { shared } = options;
  const sharedTimeoutMs = check.ms("sharedTimeoutMs", options.sharedTimeoutMs ?? 5_000);
  check.callback("observe", options.observe, { optional: true });
  return {
    source: check.methods("source", options.source, ["pages"], "a source with pages()"),
    keys: check.callback("keys", options.keys),
    identity: check.callback("identity", options.identity, { optional: true }),
    codec: check.methods(
      "codec",
      options.codec ?? jsonCodec<User>(),
      ["encode", "decode"],
      "a codec, such as fieldsCodec([ … ])",
    ),
    ttlMs,
    maxStaleMs: check.ms("maxStaleMs", options.maxStaleMs ?? DAY_MS, { from: 0 }),
    absentTtlMs: check.ms("absentTtlMs", options.absentTtlMs ?? Math.ceil(ttlMs / 2), { from: 0 }),
    listingDelayMs: check.ms("listingDelayMs", options.listingDelayMs ?? 5_000, { from: 0 }),
    minIntervalMs: check.ms("minIntervalMs", options.minIntervalMs ?? 60_000, { from: 0 }),
    waitMs: check.ms("waitMs", options.waitMs ?? 1_000, { from: 0 }),
    minShare: check.number("minShare", options.minShare ?? 0.5, { from: 0, to: 1 }),
    pageTimeoutMs: check.ms("pageTimeoutMs", options.pageTimeoutMs ?? 30_000),
    maxPageFailures: check.integer("maxPageFailures", options.maxPageFailures ?? 10, {
      from: 0,
      to: 1_000_000,
    }),
    leaseMs: check.ms("leaseMs", options.leaseMs ?? 30_000, { from: LEAST_LEASE_MS }),
    pollMs: check.ms("pollMs", options.pollMs ?? 1_000),
    clock,
    randomness: options.randomness ?? systemRandomness(),
    ...(shared !== undefined && {
      shared: boundedSharedSnapshot(
        check.methods("shared", shared, ["head", "read", "acquire"], "a shared snapshot"),
        clock,
        sharedTimeoutMs,
      ),
    }),
  };
}
