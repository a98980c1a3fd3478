import {
  createUserCache,
  fieldsCodec,
  jsonCodec,
  type SharedSnapshot,
  type UserCache,
  type UserSource,
} from "@exactly-once/core/user-cache";
import type { Life } from "../kernel/host.js";
import type { Kernel } from "../kernel/kernel.js";
import type { UserCacheOracle } from "../oracles/user-cache.js";
import type { Account, DirectoryWorld } from "../worlds/directory.js";

/** As all times here a small part of the real ones, ms. */
const TTL_MS = 60_000;
const WAIT_MS = 1_000;
/** The directory shows a change at once here; the cache doesn't know that. */
export const LISTING_DELAY_MS = 1_500;
/** Messages are looked at so long after they were sent, at most. */
const MAX_MESSAGE_AGE_MS = 20_000;
const LOOKUP_EVERY_MS = 2_000;

export interface LookupParts {
  readonly life: Life;
  readonly kernel: Kernel;
  readonly source: UserSource<Account>;
  readonly shared: SharedSnapshot | undefined;
  readonly directory: DirectoryWorld;
  readonly rules: UserCacheOracle;
  readonly habits: LookupHabits;
}

/** How a replica is set up; in a deployment they differ. */
export interface LookupHabits {
  /** Keeps accounts without the names of their fields. */
  readonly flat: boolean;
  /** Looks nobody up before the first snapshot is there. */
  readonly patient: boolean;
}

const FIELDS = ["sub", "person", "email", "notes"] as const;

/** The real user cache of one replica. */
export function startUserCache(parts: LookupParts): UserCache<Account> {
  const { life, source, shared, rules, habits } = parts;
  const cache = createUserCache<Account>({
    source,
    codec: habits.flat ? fieldsCodec<Account>(FIELDS) : jsonCodec<Account>(),
    keys: ({ person }) => [person],
    identity: ({ sub }) => sub,
    ttlMs: TTL_MS,
    maxStaleMs: 2 * TTL_MS,
    absentTtlMs: TTL_MS / 3,
    listingDelayMs: LISTING_DELAY_MS,
    minIntervalMs: 2_000,
    pageTimeoutMs: 3_000,
    maxPageFailures: 4,
    leaseMs: 8_000,
    pollMs: 500,
    sharedTimeoutMs: 2_500,
    ...(shared === undefined ? {} : { shared }),
    clock: life.clock,
    randomness: life.randomness,
    observe: (event) => rules.onCacheEvent(life.host, event),
  });
  cache.start();
  return cache;
}

/** Looks people up as handlers of messages do, one after the other. */
export async function lookUpForEver(parts: LookupParts, cache: UserCache<Account>): Promise<void> {
  const { life, directory, habits } = parts;
  const { clock, randomness } = life;
  if (habits.patient) await cache.ready();
  for (;;) {
    await clock.sleep(randomness.random() * LOOKUP_EVERY_MS);
    const { persons } = directory;
    const person = persons[Math.floor(randomness.random() * persons.length)] ?? "nobody";
    const sentAt = clock.now() - randomness.random() * MAX_MESSAGE_AGE_MS;
    await lookUp(parts, cache, person, randomness.random() < 0.5 ? sentAt : undefined);
  }
}

/** Resolves with whether there was an answer. */
export async function lookUp(
  { life, kernel, rules }: LookupParts,
  cache: UserCache<Account>,
  person: string,
  freshAfter: number | undefined,
): Promise<boolean> {
  const askedAt = kernel.now;
  const fresh = freshAfter === undefined ? {} : { freshAfter };
  const result = await cache.lookup(person, { waitMs: WAIT_MS, ...fresh });
  const answeredAt = kernel.now;
  const { host } = life;
  rules.onAnswer({ host, person, askedAt, answeredAt, waitMs: WAIT_MS, freshAfter, result });
  return result.status !== "defer";
}
