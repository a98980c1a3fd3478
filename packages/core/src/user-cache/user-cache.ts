import { ConfigurationError } from "../errors.js";
import type { Clock, Randomness } from "../ports/index.js";
import { systemClock, systemRandomness } from "../timing/system-clock.js";
import { createBell } from "./alarm.js";
import { boundedSharedSnapshot } from "./bounded-shared-snapshot.js";
import type { Snapshot } from "./build-snapshot.js";
import { jsonCodec, type UserCodec } from "./codec.js";
import type { UserCacheObserver } from "./events.js";
import { createFoundUsers, type FoundUsers } from "./found-users.js";
import type { DeferReason, LookupOptions, LookupResult, UserCache } from "./lookup.js";
import { createRefresher } from "./refresher.js";
import type { SharedSnapshot } from "./shared-snapshot.js";
import type { UserSource } from "./source.js";

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
  readonly identity?: (user: User) => string;
  /** How users are kept as bytes. Default {@link jsonCodec}; `fieldsCodec` takes less. */
  readonly codec?: UserCodec<User>;
  /** Milliseconds for which a snapshot is fresh. Its replacement begins after 70 to 80 % of it. */
  readonly ttlMs: number;
  /** Milliseconds beyond `ttlMs` for which it still serves while rebuilds fail. Default 24 hours. */
  readonly maxStaleMs?: number;
  /**
   * Milliseconds after a snapshot was completed for which a key that isn't in it counts as absent.
   * After that a lookup for such a key asks for a newer one. Default half of `ttlMs`.
   */
  readonly absentTtlMs?: number;
  /** Least milliseconds between snapshots that lookups ask for. Default one minute. */
  readonly minIntervalMs?: number;
  /** How long a lookup waits at most, ms, unless it says otherwise. Default 1,000. */
  readonly waitMs?: number;
  /** A walk that brings less than this share of the last one is refused. 0 to 1, default 0.5. */
  readonly minShare?: number;
  /** Milliseconds a page (or a `find`) may take. Default 30,000. */
  readonly pageTimeoutMs?: number;
  /** Failures in a row on one page after which a walk is given up. Default 10. */
  readonly maxPageFailures?: number;
  /** Where replicas share one snapshot, so that one walk serves all of them. */
  readonly shared?: SharedSnapshot;
  /** After so many milliseconds without a sign of life another replica takes over. Default 30,000. */
  readonly leaseMs?: number;
  /** How often a replica that waits for another's snapshot looks for it, ms. Default 1,000. */
  readonly pollMs?: number;
  /** Milliseconds after which the shared backend counts as gone. Default 5,000. */
  readonly sharedTimeoutMs?: number;
  readonly clock?: Clock;
  readonly randomness?: Randomness;
  readonly observe?: UserCacheObserver;
}

/** What an answer must be to be given. */
interface Need<User> {
  readonly freshAfter: number;
  readonly acceptable: (users: readonly User[]) => boolean;
}

const DAY_MS = 86_400_000;
const MAX_CLOCK_SKEW_MS = 300_000;
const LEAST_RETRY_MS = 1_000;
const MOST_RETRY_MS = 300_000;

/**
 * Makes a user cache. It does nothing before `start()`.
 *
 * @throws ConfigurationError when `ttlMs` is not a positive number or `minShare` not from 0 to 1
 */
export function createUserCache<User>(options: UserCacheOptions<User>): UserCache<User> {
  const { source, ttlMs, maxStaleMs = DAY_MS, absentTtlMs = ttlMs / 2, minShare = 0.5 } = options;
  const { waitMs: defaultWaitMs = 1_000, pageTimeoutMs = 30_000 } = options;
  const { clock = systemClock(), randomness = systemRandomness() } = options;
  if (!(ttlMs > 0)) throw new ConfigurationError("User cache: ttlMs must be more than 0.");
  if (!(minShare >= 0 && minShare <= 1)) {
    throw new ConfigurationError("User cache: minShare must be from 0 to 1.");
  }
  const codec = options.codec ?? jsonCodec<User>();
  const swapped = createBell(clock);
  const counts = { found: 0, absent: 0, deferred: 0 };
  let stopped = false;
  let reportedStale: Snapshot | undefined;
  let reportedExpired: Snapshot | undefined;

  const observe: UserCacheObserver = (event) => {
    try {
      options.observe?.(event);
    } catch {
      // An observer that throws must not end a rebuild.
    }
  };

  const refresher = createRefresher<User>({
    source,
    codec,
    keys: options.keys,
    clock,
    randomness,
    observe,
    ttlMs,
    maxStaleMs,
    minShare,
    pageTimeoutMs,
    maxPageFailures: options.maxPageFailures ?? 10,
    minIntervalMs: options.minIntervalMs ?? 60_000,
    leaseMs: options.leaseMs ?? 30_000,
    pollMs: options.pollMs ?? 1_000,
    ...(options.shared !== undefined && {
      shared: boundedSharedSnapshot(options.shared, clock, options.sharedTimeoutMs ?? 5_000),
    }),
    onSwap(snapshot) {
      found?.forgetUntil(snapshot.asOf);
      swapped.ring();
    },
  });

  const find = source.find?.bind(source);
  const found =
    find &&
    createFoundUsers({ find, clock, observe, timeoutMs: pageTimeoutMs, ttlMs: absentTtlMs });

  /** The snapshot, where it may be used at all. */
  function usable(): Snapshot | undefined {
    const { snapshot } = refresher;
    if (snapshot === undefined) return undefined;
    const ageMs = clock.now() - snapshot.completedAt;
    if (ageMs <= ttlMs) return snapshot;
    if (ageMs <= ttlMs + maxStaleMs) {
      if (reportedStale !== snapshot) observe({ type: "servedStale", ageMs });
      reportedStale = snapshot;
      return snapshot;
    }
    if (reportedExpired !== snapshot) observe({ type: "expired", ageMs });
    reportedExpired = snapshot;
    return undefined;
  }

  function answer(id: string, need: Need<User>): LookupResult<User> | undefined {
    const snapshot = usable();
    const users = snapshot === undefined ? [] : accounts(snapshot.packed.get(id));
    const single = found?.get(id);
    const known =
      (snapshot && users.length > 0 && judge({ users, asOf: snapshot.asOf }, need)) ||
      (single && judge(single, need));
    if (known) return known;
    if (snapshot === undefined || snapshot.asOf < need.freshAfter) return undefined;
    if (clock.now() > snapshot.completedAt + absentTtlMs) return undefined;
    return { status: "absent", asOf: snapshot.asOf };
  }

  function judge(
    { users, asOf }: FoundUsers<User>,
    need: Need<User>,
  ): LookupResult<User> | undefined {
    const isFresh = asOf >= need.freshAfter;
    if (users.length === 0) return isFresh ? { status: "absent", asOf } : undefined;
    return isFresh || need.acceptable(users) ? { status: "found", users, asOf } : undefined;
  }

  /** The later record of an account is what it was when the walk met it last. */
  function accounts(records: readonly Uint8Array[]): readonly User[] {
    const users = records.map((record) => codec.decode(record));
    const { identity } = options;
    if (identity === undefined || users.length < 2) return users;
    return [...new Map(users.map((user) => [identity(user), user])).values()];
  }

  /** What could answer: the past the lookup asks for, or simply anything newer than there is. */
  function needed(freshAfter: number, now: number): number {
    const asOf = refresher.snapshot?.asOf ?? -Infinity;
    return asOf < freshAfter ? Math.min(freshAfter, now) : asOf + 1;
  }

  function defer(): LookupResult<User> {
    const guess = refresher.estimateMs() * (1 + randomness.random() / 5);
    const retryAfterMs = Math.round(Math.min(MOST_RETRY_MS, Math.max(LEAST_RETRY_MS, guess)));
    return { status: "defer", retryAfterMs, reason: reasonToDefer() };
  }

  function reasonToDefer(): DeferReason {
    if (stopped) return "stopped";
    if (usable() !== undefined) return "refreshing";
    return refresher.snapshot === undefined ? "cold" : "expired";
  }

  async function look(id: string, lookup: LookupOptions<User>): Promise<LookupResult<User>> {
    const { signal, waitMs = defaultWaitMs } = lookup;
    const asked = clock.now();
    const until = clock.monotonic() + waitMs;
    const future = (lookup.freshAfter ?? -Infinity) > asked + MAX_CLOCK_SKEW_MS;
    const freshAfter = future ? -Infinity : (lookup.freshAfter ?? -Infinity);
    const need: Need<User> = { freshAfter, acceptable: lookup.acceptable ?? (() => true) };
    let mayAsk = found !== undefined;
    for (;;) {
      if (stopped) return defer();
      const known = answer(id, need);
      if (known !== undefined) return known;
      const leftMs = until - clock.monotonic();
      if (mayAsk && found !== undefined) {
        mayAsk = false;
        const single = await found.ask(id, Math.max(0, leftMs), signal);
        const told = single && judge(single, need);
        if (told !== undefined) return told;
        continue;
      }
      refresher.demand(needed(freshAfter, asked));
      if (leftMs <= 0 || signal?.aborted === true) return defer();
      await swapped.wait(leftMs, signal);
    }
  }

  return {
    start: () => refresher.start(),

    async ready() {
      while (!stopped && usable() === undefined) await swapped.wait(DAY_MS);
      return !stopped;
    },

    async lookup(id, lookup = {}) {
      const result = await look(id, lookup);
      if (result.status === "defer") counts.deferred += 1;
      else counts[result.status] += 1;
      return result;
    },

    refresh: ({ acceptShrink = false } = {}) => refresher.request({ acceptShrink }),

    stats() {
      const { snapshot, progress, failuresInARow } = refresher;
      const base = { failuresInARow, ...(progress !== undefined && { progress }), ...counts };
      if (snapshot === undefined) {
        return { ...base, state: "cold", users: 0, entries: 0, bytes: 0 };
      }
      const { users, asOf, completedAt, origin } = snapshot;
      const { entries, bytes } = snapshot.packed;
      const ageMs = clock.now() - completedAt;
      const state = ageMs <= ttlMs ? "fresh" : ageMs <= ttlMs + maxStaleMs ? "stale" : "expired";
      return { ...base, state, users, entries, bytes, asOf, completedAt, origin };
    },

    async stop() {
      stopped = true;
      swapped.ring();
      await refresher.stop();
    },
  };
}
