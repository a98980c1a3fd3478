import { createAlarm, type Alarm } from "./alarm.js";
import { buildSnapshot, type BuildEnd, type Packing, type Snapshot } from "./build-snapshot.js";
import type { RebuildProgress } from "./events.js";
import { loadSnapshot } from "./load-snapshot.js";
import { RefreshSchedule } from "./refresh-schedule.js";
import { startSharedRebuild, type SharedRebuild } from "./shared-rebuild.js";
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

/** The wall clock may be set: it is looked at again after this time at the latest. */
const LONGEST_NAP_MS = 60_000;
/** So often in a row the backend may fail before a replica in need walks for itself. */
const SHARED_FAILURES_BEFORE_ALONE = 3;
const GUESSED_WALK_MS = 5_000;

/**
 * What it does just now. The loop (`#run`) alone changes it, so there is one walk at a time:
 *
 * `idle`: before `start`.
 *
 * `waiting`: until the schedule says that a snapshot is due, or the alarm rings because it may be due
 * sooner. With a shared backend `looking` follows, else `walking`.
 *
 * `looking`: for a newer generation in the shared backend, and for the lease to rebuild. What is found is
 * swapped in, and it waits again, as it does while another replica has the lease. Under the lease it goes
 * on to `walking`; without, once the backend keeps failing and this replica needs users.
 *
 * `walking`: through the whole pool.
 *
 * `ending`: what the walk brought is swapped in and published, or given up. It waits again after that.
 *
 * `stopped`: once `stop` was called and the last round is over.
 */
type Phase =
  | { readonly is: "idle" | "waiting" | "looking" | "ending" | "stopped" }
  | { readonly is: "walking"; readonly progress: RebuildProgress | undefined };

/** A walk that is to begin: for all replicas under the lease, else for this one alone. */
interface Walk {
  readonly lease: RebuildLease | undefined;
}

interface Walked {
  readonly built: BuildEnd;
  /** What was known of the pool before. */
  readonly previous: Known;
  readonly tookMs: number;
  readonly sharing: SharedRebuild | undefined;
}

type Known = Snapshot | SnapshotManifest | undefined;

export function createRefresher<User>(options: RefresherOptions<User>): Refresher {
  return new LoopingRefresher(options);
}

class LoopingRefresher<User> implements Refresher {
  readonly #options: RefresherOptions<User>;
  readonly #schedule: RefreshSchedule;
  readonly #alarm: Alarm;
  readonly #stopping = new AbortController();
  #phase: Phase = { is: "idle" };
  #running: Promise<void> | undefined = undefined;
  #snapshot: Snapshot | undefined = undefined;
  #refusal: { readonly error: unknown } | undefined = undefined;
  #lastHead: SnapshotManifest | undefined = undefined;
  /** A generation that could not be read: evicted, or damaged. */
  #unusable: string | undefined = undefined;
  #sharedFailures = 0;

  constructor(options: RefresherOptions<User>) {
    this.#options = options;
    this.#schedule = new RefreshSchedule(options);
    this.#alarm = createAlarm(options.clock);
  }

  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  get refusal(): { readonly error: unknown } | undefined {
    return this.#refusal;
  }

  get progress(): RebuildProgress | undefined {
    return this.#phase.is === "walking" ? this.#phase.progress : undefined;
  }

  get failuresInARow(): number {
    return this.#schedule.failures;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  demand(asOf: number): void {
    if (this.#schedule.demand(asOf)) this.#alarm.ring();
  }

  request({ acceptShrink }: { readonly acceptShrink: boolean }): void {
    this.#schedule.request(acceptShrink);
    this.#alarm.ring();
  }

  estimateMs(asOf: number): number {
    const { clock, minIntervalMs } = this.#options;
    const { progress } = this;
    const last = this.#snapshot ?? this.#lastHead;
    const walkMs = last === undefined ? GUESSED_WALK_MS : last.completedAt - last.asOf;
    const aheadMs = asOf - clock.now();
    if (progress === undefined) return Math.max(0, this.#schedule.dueInMs(), aheadMs) + walkMs;
    const etaMs = progress.etaMs ?? Math.max(GUESSED_WALK_MS, walkMs - progress.elapsedMs);
    if (aheadMs + progress.elapsedMs <= 0) return etaMs;
    return Math.max(etaMs + minIntervalMs, aheadMs) + walkMs;
  }

  async #run(): Promise<void> {
    const { shared } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#phase = { is: "waiting" };
      const waitMs = this.#schedule.dueInMs();
      if (waitMs > 0) {
        await this.#alarm.wait(Math.min(waitMs, LONGEST_NAP_MS), signal);
        continue;
      }
      let walk: Walk | undefined = { lease: undefined };
      if (shared) {
        this.#phase = { is: "looking" };
        walk = await this.#look(shared);
      }
      if (!walk) continue;
      this.#phase = { is: "walking", progress: undefined };
      const walked = await this.#walk(walk, (progress) => {
        this.#phase = { is: "walking", progress };
      });
      this.#phase = { is: "ending" };
      await this.#end(walked);
    }
    this.#phase = { is: "stopped" };
  }

  /** @returns the walk that is to begin, if any */
  async #look(shared: SharedSnapshot): Promise<Walk | undefined> {
    const { randomness, observe, leaseMs, pollMs } = this.#options;
    let lease: RebuildLease | undefined;
    try {
      if (await this.#foundNewer(shared)) return undefined;
      const reply = await shared.acquire({ owner: randomness.id(), leaseMs });
      if (reply.status === "busy") {
        const retryInMs = Math.min(pollMs, reply.retryAfterMs);
        observe({ type: "waiting", retryInMs });
        this.#schedule.pauseFor(retryInMs);
        return undefined;
      }
      lease = reply.lease;
      // Between the look and the lease another replica may have published and gone.
      if (await this.#foundNewer(shared)) {
        await shared.abandon(lease);
        return undefined;
      }
      this.#sharedFailures = 0;
      return { lease };
    } catch (error) {
      observe({ type: "sharedFailed", operation: lease === undefined ? "acquire" : "load", error });
      return this.#walkAlone();
    }
  }

  /** The backend failed. A lease, if there is one, may no longer be extended; it ends by itself. */
  #walkAlone(): Walk | undefined {
    const { clock, ttlMs, pollMs } = this.#options;
    this.#sharedFailures += 1;
    const inNeed = this.#snapshot === undefined || clock.now() > this.#snapshot.completedAt + ttlMs;
    if (inNeed && this.#sharedFailures >= SHARED_FAILURES_BEFORE_ALONE) return { lease: undefined };
    this.#schedule.pauseFor(pollMs);
    return undefined;
  }

  /** Swaps in a newer generation, if there is one; true when that was all that was needed. */
  async #foundNewer(shared: SharedSnapshot): Promise<boolean> {
    const { clock, observe } = this.#options;
    for (;;) {
      const head = await shared.head();
      if (head === undefined) return false;
      this.#lastHead = head;
      if (!this.#isOfUse(head)) return false;
      const began = clock.monotonic();
      const end = await loadSnapshot(shared, head, clock);
      if (end.status === "loaded") {
        this.#swap(end.snapshot, clock.monotonic() - began);
        return this.#schedule.dueInMs() > 0;
      }
      this.#unusable = head.generation;
      if (end.status === "damaged") {
        observe({ type: "sharedFailed", operation: "load", error: end.error });
      }
    }
  }

  #isOfUse(head: SnapshotManifest): boolean {
    const { codec, clock, ttlMs, maxStaleMs } = this.#options;
    if (head.format !== codec.format || head.generation === this.#unusable) return false;
    if (clock.now() > head.completedAt + ttlMs + maxStaleMs) return false;
    return this.#snapshot === undefined || head.asOf > this.#snapshot.asOf;
  }

  async #walk({ lease }: Walk, onProgress: (now: RebuildProgress) => void): Promise<Walked> {
    const { clock, observe, shared } = this.#options;
    const previous = this.#snapshot ?? this.#lastHead;
    const began = clock.monotonic();
    const over = new AbortController();
    const end = (): void => over.abort();
    this.#stopping.signal.addEventListener("abort", end, { once: true });
    observe({ type: "started", reason: this.#schedule.reason });
    const sharing = shared && lease && this.#share(shared, lease, end);
    const built = await buildSnapshot(this.#options, {
      signal: over.signal,
      ...(previous !== undefined && { expectedUsers: previous.users }),
      onProgress,
      ...(sharing !== undefined && { onPacked: sharing.write }),
    });
    this.#stopping.signal.removeEventListener("abort", end);
    return { built, previous, tookMs: clock.monotonic() - began, sharing };
  }

  #share(shared: SharedSnapshot, lease: RebuildLease, onLost: () => void): SharedRebuild {
    const { leaseMs, ttlMs, maxStaleMs, codec, clock, observe } = this.#options;
    return startSharedRebuild({
      shared,
      lease,
      leaseMs,
      ttlMs: ttlMs + maxStaleMs,
      format: codec.format,
      clock,
      observe,
      onLost,
    });
  }

  async #end({ built, previous, tookMs, sharing }: Walked): Promise<void> {
    if (built.status === "complete" && !this.#isSuspicious(built.snapshot, previous)) {
      this.#swap(built.snapshot, tookMs);
      await sharing?.publish(built.snapshot);
      return;
    }
    await sharing?.abandon();
    switch (built.status) {
      case "aborted":
        this.#schedule.pauseFor(this.#options.pollMs);
        return;
      case "failed":
        this.#failed(built);
        return;
      case "complete":
        this.#refuse(built.snapshot, previous);
    }
  }

  #failed({ error, fault }: Extract<BuildEnd, { status: "failed" }>): void {
    const { observe, onRefused } = this.#options;
    if (fault === "refused") this.#refusal = { error };
    observe({ type: "failed", error, fault, retryInMs: this.#schedule.backOff() });
    if (fault === "refused") onRefused();
  }

  #refuse({ users, packed }: Snapshot, previous: Known): void {
    this.#options.observe({
      type: "refused",
      users,
      entries: packed.entries,
      previousUsers: previous?.users ?? 0,
      previousEntries: entriesOf(previous),
      retryInMs: this.#schedule.backOff(),
    });
  }

  /**
   * A pool rarely loses half its people overnight; a wrong filter or a lost permission does that to
   * a walk. Users nobody can find count as lost too: their attribute may have become unreadable.
   */
  #isSuspicious(next: Snapshot, previous: Known): boolean {
    const { minShare } = this.#options;
    if (this.#schedule.acceptsShrink) return false;
    if (next.packed.entries === 0) return true;
    if (previous === undefined) return false;
    return (
      next.users < previous.users * minShare || next.packed.entries < entriesOf(previous) * minShare
    );
  }

  #swap(next: Snapshot, tookMs: number): void {
    const { observe, onSwap } = this.#options;
    this.#snapshot = next;
    this.#refusal = undefined;
    this.#schedule.swapped(next);
    const { packed, users, asOf, origin } = next;
    const { entries, bytes } = packed;
    observe({ type: "swapped", origin, users, entries, bytes, asOf, tookMs });
    onSwap(next);
  }
}

function entriesOf(snapshot: Known): number {
  if (snapshot === undefined) return 0;
  return "packed" in snapshot ? snapshot.packed.entries : snapshot.entries;
}
