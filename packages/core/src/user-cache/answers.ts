import type { Snapshot } from "./build-snapshot.js";
import type { UserCacheObserver } from "./events.js";
import type { FoundUsers, FoundUsersCache } from "./found-users.js";
import type { LookupResult } from "./lookup.js";
import type { UserCacheSettings } from "./options.js";

/** What an answer must be to be given. */
export interface Need<User> {
  /** Absence is known from then on: the source shows by then what was there before. */
  readonly freshAfter: number;
  readonly acceptable: (users: readonly User[]) => boolean;
}

export interface AnswersOptions<User> extends UserCacheSettings<User> {
  readonly snapshot: () => Snapshot | undefined;
  /** What the source said about single keys, where it can be asked for them. */
  readonly found: FoundUsersCache<User> | undefined;
  readonly observe: UserCacheObserver;
}

/** What can be said of a key by what is known now. */
export class Answers<User> {
  readonly #options: AnswersOptions<User>;
  #reportedStale: Snapshot | undefined = undefined;
  #reportedExpired: Snapshot | undefined = undefined;

  constructor(options: AnswersOptions<User>) {
    this.#options = options;
  }

  /** The snapshot, where it may be used at all. Tells once of each that it is stale, or expired. */
  usable(): Snapshot | undefined {
    const { clock, ttlMs, maxStaleMs, observe } = this.#options;
    const snapshot = this.#options.snapshot();
    if (snapshot === undefined) return undefined;
    const ageMs = clock.now() - snapshot.completedAt;
    if (ageMs <= ttlMs) return snapshot;
    if (ageMs <= ttlMs + maxStaleMs) {
      if (this.#reportedStale !== snapshot) observe({ type: "servedStale", ageMs });
      this.#reportedStale = snapshot;
      return snapshot;
    }
    if (this.#reportedExpired !== snapshot) observe({ type: "expired", ageMs });
    this.#reportedExpired = snapshot;
    return undefined;
  }

  /** @returns `undefined` where nothing that is known will do */
  answer(id: string, need: Need<User>): LookupResult<User> | undefined {
    const { found, clock, absentTtlMs } = this.#options;
    const snapshot = this.usable();
    const users = snapshot === undefined ? [] : this.#accounts(snapshot.packed.get(id));
    const single = found?.get(id);
    const known =
      (snapshot && users.length > 0 && judge({ users, asOf: snapshot.asOf }, need)) ||
      (single && judge(single, need));
    if (known) return known;
    if (snapshot === undefined || snapshot.asOf < need.freshAfter) return undefined;
    if (clock.now() > snapshot.completedAt + absentTtlMs) return undefined;
    return { status: "absent", asOf: snapshot.asOf };
  }

  /** The later record of an account is what it was when the walk met it last. */
  #accounts(records: readonly Uint8Array[]): readonly User[] {
    const { codec, identity } = this.#options;
    const users = records.map((record) => codec.decode(record));
    if (identity === undefined || users.length < 2) return users;
    return [...new Map(users.map((user) => [identity(user), user])).values()];
  }
}

/** What users found at a time say of a key; `undefined` where that isn't fresh enough. */
export function judge<User>(
  { users, asOf }: FoundUsers<User>,
  need: Need<User>,
): LookupResult<User> | undefined {
  const isFresh = asOf >= need.freshAfter;
  if (users.length === 0) return isFresh ? { status: "absent", asOf } : undefined;
  return isFresh || need.acceptable(users) ? { status: "found", users, asOf } : undefined;
}
