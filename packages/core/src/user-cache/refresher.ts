import { createBell } from "./alarm.js";
import { buildSnapshot, type Packing, type Snapshot } from "./build-snapshot.js";
import type { RebuildProgress, RebuildReason } from "./events.js";
import { loadSnapshot } from "./load-snapshot.js";
import { startSharedRebuild } from "./shared-rebuild.js";
import type { RebuildLease, SharedSnapshot, SnapshotManifest } from "./shared-snapshot.js";

export interface RefresherOptions<User> extends Packing<User> {
  /** Already bounded in time. */
  readonly shared?: SharedSnapshot;
  readonly ttlMs: number;
  readonly maxStaleMs: number;
  readonly minIntervalMs: number;
  readonly minShare: number;
  readonly leaseMs: number;
  readonly pollMs: number;
  /** Called with each new snapshot, after it serves. */
  onSwap(snapshot: Snapshot): void;
  /** Called when the source says what somebody has to mend. */
  onRefused(): void;
}

/** Keeps one snapshot fresh: the only place that walks the pool. */
export interface Refresher {
  start(): void;
  stop(): Promise<void>;
  readonly snapshot: Snapshot | undefined;
  /** What the source refuses to be walked for, since the last snapshot. */
  readonly refusal: { readonly error: unknown } | undefined;
  /** Asks for a snapshot whose walk begins at `asOf` (ms since the epoch) or later; it may be to come. */
  demand(asOf: number): void;
  /** Asks for a walk that begins now or later, at once; `acceptShrink` believes the next walk whatever it brings. */
  request(options: { readonly acceptShrink: boolean }): void;
  /** Of the walk that is under way in this process. */
  readonly progress: RebuildProgress | undefined;
  readonly failuresInARow: number;
  /** A guess at how long until there is a newer snapshot, whose walk began at `asOf` or later; ms. */
  estimateMs(asOf: number): number;
}

/** A snapshot is replaced when so much of its time is over, less up to a tenth by chance. */
const REFRESH_AT = 0.8;
const REFRESH_JITTER = 0.1;
/** The wall clock may be set: it is looked at again after this time at the latest. */
const LONGEST_NAP_MS = 60_000;
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 300_000;
/** So often in a row the backend may fail before a replica in need walks for itself. */
const SHARED_FAILURES_BEFORE_ALONE = 3;
const GUESSED_WALK_MS = 5_000;

/**
 * One loop, so one walk at a time. With a shared backend each round first looks for a newer
 * generation there, and walks only under the rebuild lease. Without it, or while it is gone, the
 * replica walks for itself once it needs to.
 *
 * A walk answers what is asked for as of its beginning, so none begins before the first time that is
 * demanded: it would answer nothing, and be asked for again at once.
 */
export function createRefresher<User>(options: RefresherOptions<User>): Refresher {
  const { clock, randomness, observe, shared, ttlMs, maxStaleMs, codec } = options;
  const stopping = new AbortController();
  const bell = createBell(clock);
  let running: Promise<void> | undefined;
  let snapshot: Snapshot | undefined;
  let lastHead: SnapshotManifest | undefined;
  /** A generation that could not be read: evicted, or damaged. */
  let unusable: string | undefined;
  let refreshAt = 0;
  /** The first and the last time that lookups want a walk to begin at. */
  let demanded: { readonly first: number; readonly last: number } | undefined;
  let requested: { readonly asOf: number; readonly acceptShrink: boolean } | undefined;
  let refusal: { readonly error: unknown } | undefined;
  /** By the monotonic clock. */
  let notBefore = -Infinity;
  let failures = 0;
  let sharedFailures = 0;
  let progress: RebuildProgress | undefined;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const wait = dueInMs();
      if (wait > 0) await bell.wait(Math.min(wait, LONGEST_NAP_MS), stopping.signal);
      else await refresh();
    }
  }

  function dueInMs(): number {
    const pause = Math.max(0, notBefore - clock.monotonic());
    if (snapshot === undefined) return pause;
    const scheduled = Math.max(pause, refreshAt - clock.now());
    if (requested !== undefined) return pause;
    if (demanded === undefined) return scheduled;
    const spacing = Math.min(
      options.minIntervalMs,
      snapshot.completedAt + options.minIntervalMs - clock.now(),
    );
    return Math.min(scheduled, Math.max(pause, spacing, demanded.first - clock.now()));
  }

  function reasonNow(): RebuildReason {
    if (snapshot === undefined) return "cold";
    if (requested !== undefined) return "requested";
    return demanded !== undefined && demanded.first <= clock.now() ? "demanded" : "expiring";
  }

  async function refresh(): Promise<void> {
    if (shared === undefined) return rebuild();
    let lease: RebuildLease | undefined;
    try {
      if (await foundNewer(shared)) return;
      const reply = await shared.acquire({ owner: randomness.id(), leaseMs: options.leaseMs });
      if (reply.status === "busy") {
        const retryInMs = Math.min(options.pollMs, reply.retryAfterMs);
        observe({ type: "waiting", retryInMs });
        return pauseFor(retryInMs);
      }
      lease = reply.lease;
      // Between the look and the lease another replica may have published and gone.
      if (await foundNewer(shared)) return await shared.abandon(lease);
      sharedFailures = 0;
    } catch (error) {
      sharedFailures += 1;
      observe({ type: "sharedFailed", operation: lease === undefined ? "acquire" : "load", error });
      const inNeed = snapshot === undefined || clock.now() > snapshot.completedAt + ttlMs;
      const alone = inNeed && sharedFailures >= SHARED_FAILURES_BEFORE_ALONE;
      if (!alone) return pauseFor(options.pollMs);
      // The lease, if there is one, may no longer be extended; it ends by itself.
      lease = undefined;
    }
    return rebuild(lease);
  }

  /** Swaps in a newer generation, if there is one; true when that was all that was needed. */
  async function foundNewer(backend: SharedSnapshot): Promise<boolean> {
    for (;;) {
      const head = await backend.head();
      if (head === undefined) return false;
      lastHead = head;
      if (head.format !== codec.format || head.generation === unusable) return false;
      if (clock.now() > head.completedAt + ttlMs + maxStaleMs) return false;
      if (snapshot !== undefined && head.asOf <= snapshot.asOf) return false;
      const began = clock.monotonic();
      const end = await loadSnapshot(backend, head, clock);
      if (end.status === "loaded") {
        swap(end.snapshot, clock.monotonic() - began);
        return dueInMs() > 0;
      }
      unusable = head.generation;
      if (end.status === "damaged") {
        observe({ type: "sharedFailed", operation: "load", error: end.error });
      }
    }
  }

  async function rebuild(lease?: RebuildLease): Promise<void> {
    const previous = snapshot ?? lastHead;
    const began = clock.monotonic();
    const over = new AbortController();
    const end = (): void => over.abort();
    stopping.signal.addEventListener("abort", end, { once: true });
    observe({ type: "started", reason: reasonNow() });
    const sharing =
      shared === undefined || lease === undefined
        ? undefined
        : startSharedRebuild({
            shared,
            lease,
            leaseMs: options.leaseMs,
            ttlMs: ttlMs + maxStaleMs,
            format: codec.format,
            clock,
            observe,
            onLost: end,
          });
    const built = await buildSnapshot(options, {
      signal: over.signal,
      ...(previous !== undefined && { expectedUsers: previous.users }),
      onProgress: (now) => (progress = now),
      ...(sharing !== undefined && { onPacked: sharing.write }),
    });
    progress = undefined;
    stopping.signal.removeEventListener("abort", end);

    if (built.status === "aborted") {
      await sharing?.abandon();
      return pauseFor(options.pollMs);
    }
    if (built.status === "failed") {
      await sharing?.abandon();
      const { error, fault } = built;
      if (fault === "refused") refusal = { error };
      observe({ type: "failed", error, fault, retryInMs: backOff() });
      if (fault === "refused") options.onRefused();
      return;
    }
    if (isSuspicious(built.snapshot, previous)) {
      await sharing?.abandon();
      observe({
        type: "refused",
        users: built.snapshot.users,
        entries: built.snapshot.packed.entries,
        previousUsers: previous?.users ?? 0,
        previousEntries: entriesOf(previous),
        retryInMs: backOff(),
      });
      return;
    }
    swap(built.snapshot, clock.monotonic() - began);
    await sharing?.publish(built.snapshot);
  }

  /**
   * A pool rarely loses half its people overnight; a wrong filter or a lost permission does that to
   * a walk. Users nobody can find count as lost too: their attribute may have become unreadable.
   */
  function isSuspicious(
    next: Snapshot,
    previous: Snapshot | SnapshotManifest | undefined,
  ): boolean {
    if (requested?.acceptShrink === true) return false;
    if (next.packed.entries === 0) return true;
    if (previous === undefined) return false;
    return (
      next.users < previous.users * options.minShare ||
      next.packed.entries < entriesOf(previous) * options.minShare
    );
  }

  function swap(next: Snapshot, tookMs: number): void {
    snapshot = next;
    failures = 0;
    notBefore = -Infinity;
    refusal = undefined;
    if (requested !== undefined && next.asOf >= requested.asOf) requested = undefined;
    demanded = stillDemanded(demanded, next.asOf);
    refreshAt = next.completedAt + ttlMs * (REFRESH_AT - REFRESH_JITTER * randomness.random());
    const { packed, users, asOf, origin } = next;
    const { entries, bytes } = packed;
    observe({ type: "swapped", origin, users, entries, bytes, asOf, tookMs });
    options.onSwap(next);
  }

  function backOff(): number {
    failures += 1;
    const ceiling = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 16));
    const retryInMs = Math.round(ceiling * (0.5 + randomness.random() / 2));
    pauseFor(retryInMs);
    return retryInMs;
  }

  function pauseFor(ms: number): void {
    notBefore = clock.monotonic() + ms;
  }

  return {
    start() {
      running ??= run();
    },
    async stop() {
      stopping.abort();
      await running;
    },
    get snapshot() {
      return snapshot;
    },
    get progress() {
      return progress;
    },
    get failuresInARow() {
      return failures;
    },
    get refusal() {
      return refusal;
    },
    demand(asOf) {
      if (snapshot !== undefined && asOf <= snapshot.asOf) return;
      const { first = Infinity, last = -Infinity } = demanded ?? {};
      demanded = { first: Math.min(first, asOf), last: Math.max(last, asOf) };
      // Only an earlier walk than the one that is due wakes the loop.
      if (asOf < first) bell.ring();
    },
    request({ acceptShrink }) {
      requested = {
        asOf: clock.now(),
        acceptShrink: acceptShrink || requested?.acceptShrink === true,
      };
      notBefore = -Infinity;
      bell.ring();
    },
    estimateMs(asOf) {
      const last = snapshot ?? lastHead;
      const walkMs = last === undefined ? GUESSED_WALK_MS : last.completedAt - last.asOf;
      const aheadMs = asOf - clock.now();
      if (progress === undefined) return Math.max(0, dueInMs(), aheadMs) + walkMs;
      const etaMs = progress.etaMs ?? Math.max(GUESSED_WALK_MS, walkMs - progress.elapsedMs);
      if (aheadMs + progress.elapsedMs <= 0) return etaMs;
      return Math.max(etaMs + options.minIntervalMs, aheadMs) + walkMs;
    },
  };
}

/** What a snapshot of that time leaves unanswered. Of those between, the last is known alone. */
function stillDemanded(
  demanded: { readonly first: number; readonly last: number } | undefined,
  asOf: number,
): { readonly first: number; readonly last: number } | undefined {
  if (demanded === undefined || asOf >= demanded.last) return undefined;
  return asOf >= demanded.first ? { first: demanded.last, last: demanded.last } : demanded;
}

function entriesOf(snapshot: Snapshot | SnapshotManifest | undefined): number {
  if (snapshot === undefined) return 0;
  return "packed" in snapshot ? snapshot.packed.entries : snapshot.entries;
}
