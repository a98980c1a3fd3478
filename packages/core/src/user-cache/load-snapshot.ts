import type { Clock } from "../ports/index.js";
import type { Snapshot } from "./build-snapshot.js";
import { createPackedUsers } from "./packed-users.js";
import type { SharedSnapshot, SnapshotManifest } from "./shared-snapshot.js";

/** So many chunks (of 256 KiB) are asked for at once: enough to hide the round trip. */
const CHUNKS_PER_READ = 8;
/** Half a millisecond of work, after which waiting lookups get their turn. */
const ENTRIES_PER_SLICE = 1_000;

/**
 * Reads a published generation. `gone` when it was replaced and removed meanwhile: the next head is
 * to be asked for. Throws when the backend fails, or when what it holds is not what its manifest says.
 */
export async function loadSnapshot(
  shared: Pick<SharedSnapshot, "read">,
  manifest: SnapshotManifest,
  clock: Clock,
): Promise<Snapshot | "gone"> {
  const packed = createPackedUsers();
  let ahead = readFrom(0);
  for (let first = 0; first < manifest.chunks; first += CHUNKS_PER_READ) {
    const chunks = await ahead;
    if (chunks === undefined) return "gone";
    ahead = readFrom(first + CHUNKS_PER_READ);
    // Awaited in the next round, or never when indexing fails.
    ahead.catch(() => undefined);
    for (const chunk of chunks) {
      for (const _slice of packed.adopt(chunk, ENTRIES_PER_SLICE)) await clock.sleep(0);
    }
  }
  if (packed.entries !== manifest.entries) {
    throw new Error(
      `the shared snapshot has ${packed.entries} entries where its manifest says ${manifest.entries}`,
    );
  }
  const { users, asOf, completedAt } = manifest;
  return { packed, users, asOf, completedAt, origin: "shared" };

  async function readFrom(first: number): Promise<readonly Uint8Array[] | undefined> {
    const count = Math.min(CHUNKS_PER_READ, manifest.chunks - first);
    return count <= 0 ? [] : shared.read(manifest.generation, first, count);
  }
}
