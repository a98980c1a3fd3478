import type { Clock } from "../ports/index.js";
import type { Snapshot } from "./build-snapshot.js";
import type { UserCacheObserver } from "./events.js";
import type { PackedUsers } from "./packed-users.js";
import type { RebuildLease, SharedSnapshot } from "./shared-snapshot.js";

export interface SharedRebuildOptions {
  readonly shared: SharedSnapshot;
  readonly lease: RebuildLease;
  readonly leaseMs: number;
  readonly ttlMs: number;
  readonly format: string;
  readonly clock: Clock;
  readonly observe: UserCacheObserver;
  /** Another replica rebuilds now; the walk is to be ended. */
  onLost(): void;
}

/**
 * One rebuild under a lease: keeps the lease, writes finished chunks, publishes. A backend that
 * fails does not stop the walk, whose result this replica needs all the same; only a lost lease does.
 */
export interface SharedRebuild {
  write(packed: PackedUsers): Promise<void>;
  publish(snapshot: Snapshot): Promise<void>;
  abandon(): Promise<void>;
}

export function startSharedRebuild(options: SharedRebuildOptions): SharedRebuild {
  const { shared, lease, leaseMs, ttlMs, clock, observe } = options;
  const over = new AbortController();
  /** `broken`: the backend failed on a chunk, so this generation can't be published any more. */
  let state: "writing" | "broken" | "lost" = "writing";
  let written = 0;
  let writingFor: PackedUsers | undefined;
  void keepLease();

  async function keepLease(): Promise<void> {
    for (;;) {
      await clock.sleep(leaseMs / 3, over.signal);
      if (over.signal.aborted) return;
      try {
        if ((await shared.extend(lease, leaseMs)) === "lost") return lose();
      } catch (error) {
        observe({ type: "sharedFailed", operation: "extend", error });
      }
    }
  }

  function lose(): void {
    if (state === "lost" || over.signal.aborted) return;
    state = "lost";
    over.abort();
    observe({ type: "leaseLost" });
    options.onLost();
  }

  async function write(packed: PackedUsers): Promise<void> {
    // A walk that began again packs anew: the chunks written so far are replaced from the first on.
    if (writingFor !== packed) written = 0;
    writingFor = packed;
    while (state === "writing" && written < packed.sealedChunks) {
      try {
        const reply = await shared.write(lease, written, packed.chunk(written), ttlMs);
        if (reply === "lost") return lose();
        written += 1;
      } catch (error) {
        state = "broken";
        observe({ type: "sharedFailed", operation: "write", error });
      }
    }
  }

  async function abandon(): Promise<void> {
    over.abort();
    try {
      await shared.abandon(lease);
    } catch (error) {
      // The lease ends by itself.
      observe({ type: "sharedFailed", operation: "abandon", error });
    }
  }

  return {
    write,
    abandon,
    async publish({ packed, users, asOf, completedAt }) {
      await write(packed);
      if (state === "lost") return;
      if (state === "broken") return abandon();
      const { format } = options;
      const { entries, sealedChunks: chunks } = packed;
      try {
        const manifest = { format, chunks, entries, users, asOf, completedAt };
        if ((await shared.publish(lease, manifest, ttlMs)) === "lost") lose();
      } catch (error) {
        observe({ type: "sharedFailed", operation: "publish", error });
      }
      over.abort();
    },
  };
}
