import type { Clock } from "../ports/index.js";
import type { SharedSnapshot } from "./shared-snapshot.js";

/**
 * A backend that takes too long is a backend that is gone: clients queue commands while they
 * reconnect, and a cache that waits for that is no use to anybody.
 */
export function boundedSharedSnapshot(
  shared: SharedSnapshot,
  clock: Clock,
  timeoutMs: number,
): SharedSnapshot {
  async function bounded<T>(work: Promise<T>): Promise<T> {
    const nap = new AbortController();
    work.catch(() => undefined);
    const timeout = clock.sleep(timeoutMs, nap.signal).then(() => {
      throw new Error(`the shared snapshot did not answer within ${timeoutMs} ms`);
    });
    timeout.catch(() => undefined);
    return Promise.race([work, timeout]).finally(() => nap.abort());
  }
  return {
    head: () => bounded(shared.head()),
    read: (generation, first, count) => bounded(shared.read(generation, first, count)),
    acquire: (request) => bounded(shared.acquire(request)),
    extend: (lease, leaseMs) => bounded(shared.extend(lease, leaseMs)),
    write: (lease, chunk, bytes, ttlMs) => bounded(shared.write(lease, chunk, bytes, ttlMs)),
    publish: (lease, manifest, ttlMs) => bounded(shared.publish(lease, manifest, ttlMs)),
    abandon: (lease) => bounded(shared.abandon(lease)),
  };
}
