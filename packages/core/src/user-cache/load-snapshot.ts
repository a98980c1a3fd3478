import type { Clock } from "../ports/index.js";
import type { Snapshot } from "./build-snapshot.js";
import { createPackedUsers } from "./packed-users.js";
import type { SharedSnapshot, SnapshotManifest } from "./shared-snapshot.js";

/** So many chunks (of 256 KiB) are asked for at once: enough to hide the round trip. */
const CHUNKS_PER_READ = 4;
/** Less than a millisecond of work, after which waiting lookups get their turn. */
const ENTRIES_PER_SLICE = 250;

export type LoadEnd =
  | { readonly status: "loaded"; readonly snapshot: Snapshot }
  /** It was replaced and removed meanwhile: the next head is to be asked for. */
  | { readonly status: "gone" }
  /** What the backend holds is not what the manifest says. */
  | { readonly status: "damaged"; readonly error: unknown };

/** Reads a published generation. Throws when the backend fails. */
export async function loadSnapshot(
  shared: Pick<SharedSnapshot, "read">,
  manifest: SnapshotManifest,
  clock: Clock,
): Promise<LoadEnd> {
  const packed = createPackedUsers();
  let ahead = readFrom(0);
  for (let first = 0; first < manifest.chunks; first += CHUNKS_PER_READ) {
    const chunks = await ahead;
    if (chunks === undefined) return { status: "gone" };
    ahead = readFrom(first + CHUNKS_PER_READ);
    // Awaited in the next round, or never when indexing fails.
    ahead.catch(() => undefined);
    try {
      for (const chunk of chunks) {
        for (const _slice of packed.adopt(chunk, ENTRIES_PER_SLICE)) await clock.sleep(0);
      }
    } catch (error) {
      return { status: "damaged", error };
    }
  }
  const { users, asOf, completedAt, entries } = manifest;
  if (packed.entries !== entries) {
    const text = `the shared snapshot has ${packed.entries} entries, its manifest says ${entries}`;
    return { status: "damaged", error: new Error(text) };
  }
  const snapshot = { packed, users, asOf, completedAt, origin: "shared" } as const;
  return { status: "loaded", snapshot };

  async function readFrom(first: number): Promise<readonly Uint8Array[] | undefined> {
    const count = Math.min(CHUNKS_PER_READ, manifest.chunks - first);
    return count <= 0 ? [] : shared.read(manifest.generation, first, count);
  }
}
