import type { Clock, Randomness } from "../ports/index.js";
import type { UserCodec } from "./codec.js";
import type { RebuildProgress, UserCacheObserver } from "./events.js";
import { createPackedUsers, type PackedUsers } from "./packed-users.js";
import type { SourceFault, UserSource } from "./source.js";
import { walkPool } from "./walk-pool.js";

/** A whole pool, as it was at one time. Never changes once it is here. */
export interface Snapshot {
  readonly packed: PackedUsers;
  readonly users: number;
  readonly asOf: number;
  readonly completedAt: number;
  readonly origin: "walk" | "shared";
}

/** What is needed to turn users into a snapshot. */
export interface Packing<User> {
  readonly source: UserSource<User>;
  readonly codec: UserCodec<User>;
  /** The keys a user is found by; none at all where the user has no such attribute. */
  readonly keys: (user: User) => readonly string[];
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly observe: UserCacheObserver;
  readonly pageTimeoutMs: number;
  readonly maxPageFailures: number;
}

export interface BuildOptions {
  readonly signal: AbortSignal;
  /** For the estimate of how long it takes. */
  readonly expectedUsers?: number;
  onProgress(progress: RebuildProgress): void;
  /** Called after each page, with what is packed so far. */
  onPacked?(packed: PackedUsers): Promise<void>;
}

export type BuildEnd =
  | { readonly status: "complete"; readonly snapshot: Snapshot }
  | { readonly status: "aborted" }
  | { readonly status: "failed"; readonly error: unknown; readonly fault: SourceFault };

/** Walks the pool into a new snapshot, beside whatever is served meanwhile. */
export async function buildSnapshot<User>(
  packing: Packing<User>,
  { signal, expectedUsers, onProgress, onPacked }: BuildOptions,
): Promise<BuildEnd> {
  const { clock, codec, keys, observe } = packing;
  const asOf = clock.now();
  const began = clock.monotonic();
  let packed = createPackedUsers();
  let users = 0;
  let pages = 0;

  const end = await walkPool<User>({
    ...packing,
    signal,
    async onPage(page) {
      for (const user of page.users) {
        const record = codec.encode(user);
        for (const key of new Set(keys(user))) {
          if (key !== "") packed.add(key, record);
        }
      }
      users += page.users.length;
      pages += 1;
      await onPacked?.(packed);
      const progress = progressOf(pages, users, clock.monotonic() - began, expectedUsers);
      onProgress(progress);
      observe({ type: "page", ...progress });
    },
    onRestart() {
      packed = createPackedUsers();
      users = 0;
      pages = 0;
    },
    onFault: (fault) => observe({ type: "pageFailed", ...fault }),
  });
  if (end.status !== "complete") return end;

  packed.seal();
  const snapshot = { packed, users, asOf, completedAt: clock.now(), origin: "walk" } as const;
  return { status: "complete", snapshot };
}

function progressOf(
  pages: number,
  users: number,
  elapsedMs: number,
  expectedUsers: number | undefined,
): RebuildProgress {
  const perMs = elapsedMs > 0 ? users / elapsedMs : 0;
  const base = { pages, users, elapsedMs, usersPerSecond: Math.round(perMs * 1_000) };
  if (expectedUsers === undefined) return base;
  if (perMs === 0) return { ...base, expectedUsers };
  const etaMs = Math.round(Math.max(0, expectedUsers - users) / perMs);
  return { ...base, expectedUsers, etaMs };
}
