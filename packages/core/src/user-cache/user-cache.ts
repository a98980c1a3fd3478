import { ConfigurationError } from "../errors.js";
import { optionsOf } from "../options.js";
import { createBell } from "./alarm.js";
import type { Snapshot } from "./build-snapshot.js";
import type { UserCacheObserver } from "./events.js";
import { createFoundUsers, type FoundUsers } from "./found-users.js";
import type { DeferReason, LookupOptions, LookupResult, UserCache } from "./lookup.js";
import { userCacheSettings, type UserCacheOptions } from "./options.js";
import { createRefresher } from "./refresher.js";

/** What an answer must be to be given. */
interface Need<User> {
  /** Absence is known from then on: the source shows by then what was there before. */
  readonly freshAfter: number;
  readonly acceptable: (users: readonly User[]) => boolean;
}

/** Looked at anew after this time at the latest. */
const LONGEST_WAIT_MS = 60_000;
const checkLookup = optionsOf("lookup");
const ANY_TIME = { from: 0, to: Number.MAX_SAFE_INTEGER };
const MAX_CLOCK_SKEW_MS = 300_000;
const LEAST_RETRY_MS = 1_000;
const MOST_RETRY_MS = 300_000;

/**
 * Makes a user cache. It does nothing before `start()`.
 *
 * @example
 * ```ts
 * const users = createUserCache({
 *   source: { pages: ({ from, signal }) => walkThePool(from, signal) },
 *   keys: (user) => [user.traineeId],
 *   ttlMs: 15 * 60_000,
 * });
 * users.start();
 * const consumer = createConsumer({ …, ready: () => users.ready() });
 *
 * // In a handler: an answer, or the message comes back later.
 * const found = await users.lookup(event.traineeId, { freshAfter: context.message.sentAt });
 * if (found.status === "defer") context.defer(found.retryAfterMs, found.reason);
 * ```
 *
 * @throws ConfigurationError naming the option that is missing or out of range
 */
export function createUserCache<User>(options: UserCacheOptions<User>): UserCache<User> {
  const settings = userCacheSettings(options);
  const { source, codec, clock, randomness, ttlMs, maxStaleMs, absentTtlMs, pageTimeoutMs } =
    settings;
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
    ...settings,
    observe,
    onSwap(snapshot) {
      found?.forgetUntil(snapshot.asOf);
      swapped.ring();
    },
    onRefused: () => {
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

  /** What could answer: the time the lookup asks for, or simply anything newer than there is. */
  function needed(freshAfter: number): number {
    const asOf = refresher.snapshot?.asOf ?? -Infinity;
    return asOf < freshAfter ? freshAfter : asOf + 1;
  }

  function defer(inMs: number): LookupResult<User> {
    const guess = inMs * (1 + randomness.random() / 5);
    const retryAfterMs = Math.round(Math.min(MOST_RETRY_MS, Math.max(LEAST_RETRY_MS, guess)));
    return { status: "defer", retryAfterMs, reason: reasonToDefer() };
  }

  function reasonToDefer(): DeferReason {
    if (stopped) return "stopped";
    if (usable() !== undefined) return "refreshing";
    return refresher.snapshot === undefined ? "cold" : "expired";
  }

  async function look(id: string, lookup: LookupOptions<User>): Promise<LookupResult<User>> {
    const { signal } = lookup;
    const waitMs = checkLookup.ms("waitMs", lookup.waitMs ?? settings.waitMs, { from: 0 });
    const asked = clock.now();
    const until = clock.monotonic() + waitMs;
    const asOf = checkLookup.number("freshAfter", lookup.freshAfter ?? 0, ANY_TIME);
    const isAsked = asOf > 0 && asOf <= asked + MAX_CLOCK_SKEW_MS;
    const freshAfter = isAsked ? asOf + settings.listingDelayMs : 0;
    const need: Need<User> = { freshAfter, acceptable: lookup.acceptable ?? (() => true) };
    let mayAsk = found !== undefined;
    for (;;) {
      if (stopped) return defer(LEAST_RETRY_MS);
      const known = answer(id, need);
      if (known !== undefined) return known;
      const leftMs = until - clock.monotonic();
      if (mayAsk && found !== undefined) {
        mayAsk = false;
        const single = await found.ask(id, Math.max(0, leftMs), signal);
        const told = single && judge(single, need);
        if (told !== undefined) return told;
        // The source can be asked, but not yet for this: no walk is needed.
        if (single !== undefined) return defer(freshAfter - clock.now());
        continue;
      }
      refresher.demand(needed(freshAfter));
      if (leftMs <= 0 || signal?.aborted === true) {
        return defer(refresher.estimateMs(freshAfter));
      }
      await swapped.wait(leftMs, signal);
    }
  }

  return {
    start: () => refresher.start(),

    async ready() {
      while (!stopped && usable() === undefined) {
        if (refresher.refusal) throw refusedError(refresher.refusal.error);
        await swapped.wait(LONGEST_WAIT_MS);
      }
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

function refusedError(cause: unknown): ConfigurationError {
  const said = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return new ConfigurationError(`createUserCache: the source refuses to be walked (${said}).`, {
    cause,
  });
}
