import type { Clock } from "../ports/index.js";
import type { RebuildLease, SharedSnapshot, SnapshotManifest } from "./shared-snapshot.js";

/** Of a {@link memorySharedSnapshot}. */
export interface MemorySharedSnapshotOptions {
  readonly clock: Clock;
  /** How long a replaced generation stays readable, ms. Default one minute. */
  readonly graceMs?: number | undefined;
}

interface Generation {
  readonly chunks: Uint8Array[];
  expiresAt: number;
}

/** A shared snapshot within one process: for tests, and for several caches side by side. */
export function memorySharedSnapshot(options: MemorySharedSnapshotOptions): SharedSnapshot {
  const { clock, graceMs = 60_000 } = options;
  const generations = new Map<string, Generation>();
  let head: SnapshotManifest | undefined;
  let held: (RebuildLease & { readonly until: number }) | undefined;
  let fences = 0;

  const nameOf = (lease: RebuildLease): string => `${lease.fence}-${lease.owner}`;
  const isLive = (lease: RebuildLease): boolean =>
    held?.owner === lease.owner && held.fence === lease.fence && clock.now() < held.until;

  function live(name: string): Generation | undefined {
    for (const [other, generation] of generations) {
      if (clock.now() >= generation.expiresAt) generations.delete(other);
    }
    return generations.get(name);
  }

  return {
    head: async () => (head !== undefined && live(head.generation) ? head : undefined),

    read: async (generation, first, count) => live(generation)?.chunks.slice(first, first + count),

    async acquire({ owner, leaseMs }) {
      const now = clock.now();
      if (held !== undefined && now < held.until) {
        if (held.owner === owner) return { status: "granted", lease: { owner, fence: held.fence } };
        return { status: "busy", retryAfterMs: held.until - now };
      }
      // Whoever held it before died in the middle: what it wrote will never be published.
      if (held !== undefined && nameOf(held) !== head?.generation) generations.delete(nameOf(held));
      fences += 1;
      held = { owner, fence: fences, until: now + leaseMs };
      return { status: "granted", lease: { owner, fence: fences } };
    },

    async extend(lease, leaseMs) {
      if (!isLive(lease)) return "lost";
      held = { ...lease, until: clock.now() + leaseMs };
      return "held";
    },

    async write(lease, chunk, bytes, ttlMs) {
      if (!isLive(lease)) return "lost";
      const name = nameOf(lease);
      const generation = live(name) ?? { chunks: [], expiresAt: 0 };
      generation.chunks[chunk] = Uint8Array.from(bytes);
      generation.expiresAt = clock.now() + ttlMs;
      generations.set(name, generation);
      return "written";
    },

    async publish(lease, manifest, ttlMs) {
      const name = nameOf(lease);
      if (!isLive(lease)) return "lost";
      const written = live(name) ?? { chunks: [], expiresAt: 0 };
      for (let chunk = 0; chunk < manifest.chunks; chunk += 1) {
        if (written.chunks[chunk] === undefined) {
          throw new Error(`chunk ${chunk} of the snapshot is missing; walk again`);
        }
      }
      const former = head && live(head.generation);
      if (former) former.expiresAt = Math.min(former.expiresAt, clock.now() + graceMs);
      generations.set(name, { chunks: written.chunks, expiresAt: clock.now() + ttlMs });
      head = { ...manifest, generation: name };
      held = undefined;
      return "published";
    },

    async abandon(lease) {
      if (held?.owner !== lease.owner || held.fence !== lease.fence) return;
      generations.delete(nameOf(lease));
      held = undefined;
    },
  };
}
