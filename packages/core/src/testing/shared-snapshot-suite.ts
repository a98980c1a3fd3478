import assert from "node:assert/strict";

import type {
  RebuildLease,
  SharedSnapshot,
  SnapshotManifest,
} from "../user-cache/shared-snapshot.js";

/** One fresh shared snapshot, empty and seen by nobody else. */
export interface SharedSnapshotFixture {
  readonly shared: SharedSnapshot;
  /** Lets time pass for the backend: advances its clock, or waits where it has none to advance. */
  elapse(ms: number): Promise<void>;
  /** Called at the end of each test. */
  close?(): Promise<void>;
}

/** What the suite runs with. */
export interface SharedSnapshotSuiteOptions {
  /** The test runner's function. */
  readonly test: (name: string, body: () => Promise<void>) => unknown;
  /** `graceMs`: how long a replaced generation stays readable. */
  readonly factory: (options: { readonly graceMs: number }) => Promise<SharedSnapshotFixture>;
  /**
   * The shortest time in ms that tests may rely on: that between two operations must not come near
   * it. Default 1,000.
   */
  readonly unitMs?: number;
}

const TTL_UNITS = 1_000;
const chunk = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);

/** What every backend of a shared user snapshot has to do. */
export function sharedSnapshotSuite({
  test,
  factory,
  unitMs = 1_000,
}: SharedSnapshotSuiteOptions): void {
  const leaseMs = 3 * unitMs;
  const graceMs = 2 * unitMs;
  const ttlMs = TTL_UNITS * unitMs;

  const check = (name: string, body: (fixture: SharedSnapshotFixture) => Promise<void>): unknown =>
    test(name, async () => {
      const fixture = await factory({ graceMs });
      try {
        await body(fixture);
      } finally {
        await fixture.close?.();
      }
    });

  check("is empty at first, so the factory isolates", async ({ shared }) => {
    assert.equal(await shared.head(), undefined);
    await publish(shared, "a", [chunk(1)]);
  });

  check("gives back the chunks that were published, byte for byte", async ({ shared }) => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const head = await publish(shared, "a", [all, chunk(), chunk(9, 9)]);
    assert.deepEqual(head.chunks, 3);
    const first = await shared.read(head.generation, 0, 2);
    assert.deepEqual(first?.map(plain), [plain(all), []]);
    assert.deepEqual((await shared.read(head.generation, 2, 1))?.map(plain), [[9, 9]]);
  });

  check("shows nobody what is not published yet", async ({ shared }) => {
    const before = await publish(shared, "a", [chunk(1), chunk(2)]);
    const lease = await granted(shared, "b");
    await shared.write(lease, 0, chunk(3), ttlMs);
    assert.deepEqual(await shared.head(), before);
    assert.deepEqual((await shared.read(before.generation, 0, 2))?.map(plain), [[1], [2]]);
  });

  check("lets one rebuild at a time, and the same owner ask again", async ({ shared }) => {
    const lease = await granted(shared, "a");
    assert.deepEqual(await granted(shared, "a"), lease);
    const other = await shared.acquire({ owner: "b", leaseMs });
    assert.equal(other.status, "busy");
    assert.ok(other.retryAfterMs > 0 && other.retryAfterMs <= leaseMs);
  });

  check("is free again after publishing and after abandoning", async ({ shared }) => {
    await publish(shared, "a", [chunk(1)]);
    const second = await granted(shared, "b");
    await shared.abandon(second);
    assert.ok((await granted(shared, "c")).fence > second.fence);
  });

  check("keeps a lease that is extended, beyond its first time", async ({ shared, elapse }) => {
    const lease = await granted(shared, "a");
    for (let times = 0; times < 3; times += 1) {
      await elapse(leaseMs / 2);
      assert.equal(await shared.extend(lease, leaseMs), "held");
    }
  });

  check("refuses everything of an owner whose lease has ended", async ({ shared, elapse }) => {
    const late = await granted(shared, "a");
    await shared.write(late, 0, chunk(1), ttlMs);
    await elapse(leaseMs * 1.5);
    const lease = await granted(shared, "b");
    assert.ok(lease.fence > late.fence);
    await shared.write(lease, 0, chunk(2), ttlMs);

    assert.equal(await shared.extend(late, leaseMs), "lost");
    assert.equal(await shared.write(late, 0, chunk(1), ttlMs), "lost");
    assert.equal(await shared.publish(late, manifest(1), ttlMs), "lost");
    await shared.abandon(late);
    assert.equal(await shared.extend(lease, leaseMs), "held");
    assert.equal(await shared.publish(lease, manifest(1), ttlMs), "published");
    const head = await shared.head();
    assert.deepEqual((await shared.read(head?.generation ?? "", 0, 1))?.map(plain), [[2]]);
  });

  check("refuses an ended lease that nobody took over, too", async ({ shared, elapse }) => {
    const late = await granted(shared, "a");
    await shared.write(late, 0, chunk(1), ttlMs);
    await elapse(leaseMs * 1.5);
    assert.equal(await shared.publish(late, manifest(1), ttlMs), "lost");
    assert.equal(await shared.head(), undefined);
  });

  check("starts clean after a rebuild that died in the middle", async ({ shared, elapse }) => {
    const dead = await granted(shared, "a");
    for (const n of [0, 1, 2]) await shared.write(dead, n, chunk(n), ttlMs);
    await elapse(leaseMs * 1.5);
    const lease = await granted(shared, "b");
    await shared.write(lease, 0, chunk(7), ttlMs);
    await assert.rejects(shared.publish(lease, manifest(3), ttlMs), "chunks 1 and 2 are missing");
  });

  check("replaces a chunk that is written again", async ({ shared }) => {
    const head = await publish(shared, "a", [chunk(1)], async (lease) => {
      await shared.write(lease, 0, chunk(5), ttlMs);
    });
    assert.deepEqual((await shared.read(head.generation, 0, 1))?.map(plain), [[1]]);
  });

  check("keeps a replaced generation for its readers, then removes it", async (fixture) => {
    const { shared, elapse } = fixture;
    const old = await publish(shared, "a", [chunk(1)]);
    const head = await publish(shared, "b", [chunk(2)]);
    assert.notEqual(head.generation, old.generation);
    assert.deepEqual((await shared.read(old.generation, 0, 1))?.map(plain), [[1]]);
    await elapse(graceMs * 2);
    assert.equal(await shared.read(old.generation, 0, 1), undefined);
    assert.deepEqual((await shared.read(head.generation, 0, 1))?.map(plain), [[2]]);
  });

  check("forgets personal data in time", async ({ shared, elapse }) => {
    const lease = await granted(shared, "a");
    await shared.write(lease, 0, chunk(1), unitMs);
    assert.equal(await shared.publish(lease, manifest(1), unitMs), "published");
    const head = await shared.head();
    await elapse(2 * unitMs);
    assert.equal(await shared.head(), undefined);
    assert.equal(await shared.read(head?.generation ?? "", 0, 1), undefined);
  });

  async function publish(
    shared: SharedSnapshot,
    owner: string,
    chunks: readonly Uint8Array[],
    before?: (lease: RebuildLease) => Promise<void>,
  ): Promise<SnapshotManifest> {
    const lease = await granted(shared, owner);
    await before?.(lease);
    for (const [index, bytes] of chunks.entries()) {
      assert.equal(await shared.write(lease, index, bytes, ttlMs), "written");
    }
    assert.equal(await shared.publish(lease, manifest(chunks.length), ttlMs), "published");
    const head = await shared.head();
    assert.ok(head);
    return head;
  }

  async function granted(shared: SharedSnapshot, owner: string): Promise<RebuildLease> {
    const reply = await shared.acquire({ owner, leaseMs });
    assert.equal(reply.status, "granted");
    return reply.lease;
  }
}

function manifest(chunks: number): Omit<SnapshotManifest, "generation"> {
  return { format: "test", chunks, entries: 1, users: 1, asOf: 1, completedAt: 2 };
}

function plain(bytes: Uint8Array): number[] {
  return [...bytes];
}
