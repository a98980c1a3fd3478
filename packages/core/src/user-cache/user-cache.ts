import { ConfigurationError } from "../errors.js";
import { createAlarm } from "./alarm.js";
import { Answers } from "./answers.js";
import type { Snapshot } from "./build-snapshot.js";
import type { UserCacheObserver } from "./events.js";
import { createFoundUsers } from "./found-users.js";
import type { UserCache, UserCacheStats } from "./lookup.js";
import { Lookups } from "./lookups.js";
import { userCacheSettings, type UserCacheOptions, type UserCacheSettings } from "./options.js";
import { createRefresher } from "./refresher.js";

/** Looked at anew after this time at the latest. */
const LONGEST_WAIT_MS = 60_000;

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
  const { source, clock } = settings;
  const changed = createAlarm(clock);
  const counts = { found: 0, absent: 0, deferred: 0 };
  let stopped = false;
  const observe = guarded(options.observe);

  const find = source.find?.bind(source);
  const { pageTimeoutMs: timeoutMs, absentTtlMs: ttlMs } = settings;
  const found = find && createFoundUsers({ find, clock, observe, timeoutMs, ttlMs });
  const refresher = createRefresher<User>({
    ...settings,
    observe,
    onSwap: (snapshot) => {
      found?.forgetUntil(snapshot.asOf);
      changed.ring();
    },
    onRefused: () => {
      changed.ring();
    },
  });
  const snapshot = () => refresher.snapshot;
  const answers = new Answers<User>({ ...settings, observe, snapshot, found });
  const isStopped = () => stopped;
  const lookups = new Lookups<User>({ ...settings, answers, found, refresher, changed, isStopped });

  return {
    start: () => {
      refresher.start();
    },

    ready: async () => {
      while (!stopped && answers.usable() === undefined) {
        if (refresher.refusal) throw refusedError(refresher.refusal.error);
        await changed.wait(LONGEST_WAIT_MS);
      }
      return !stopped;
    },

    lookup: async (id, lookup = {}) => {
      const result = await lookups.look(id, lookup);
      if (result.status === "defer") counts.deferred += 1;
      else counts[result.status] += 1;
      return result;
    },

    refresh: ({ acceptShrink = false } = {}) => {
      refresher.request({ acceptShrink });
    },

    stats: () => {
      const { progress, failuresInARow } = refresher;
      const base = { failuresInARow, ...(progress !== undefined && { progress }), ...counts };
      return { ...base, ...statsOf(refresher.snapshot, settings) };
    },

    stop: async () => {
      stopped = true;
      changed.ring();
      await refresher.stop();
    },
  };
}

/** An observer that throws must not end a rebuild. */
function guarded(observe: UserCacheObserver | undefined): UserCacheObserver {
  return (event) => {
    try {
      observe?.(event);
    } catch {
      // Its fault is its own.
    }
  };
}

function statsOf(
  snapshot: Snapshot | undefined,
  { clock, ttlMs, maxStaleMs }: Pick<UserCacheSettings<never>, "clock" | "ttlMs" | "maxStaleMs">,
): Omit<UserCacheStats, "failuresInARow" | "progress" | "found" | "absent" | "deferred"> {
  if (snapshot === undefined) return { state: "cold", users: 0, entries: 0, bytes: 0 };
  const { users, asOf, completedAt, origin } = snapshot;
  const { entries, bytes } = snapshot.packed;
  const ageMs = clock.now() - completedAt;
  const state = ageMs <= ttlMs ? "fresh" : ageMs <= ttlMs + maxStaleMs ? "stale" : "expired";
  return { state, users, entries, bytes, asOf, completedAt, origin };
}

function refusedError(cause: unknown): ConfigurationError {
  const said = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return new ConfigurationError(`createUserCache: the source refuses to be walked (${said}).`, {
    cause,
  });
}
