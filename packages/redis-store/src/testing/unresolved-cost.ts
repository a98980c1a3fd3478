import { memoryStore, type DedupeStore } from "@exactly-once/core";
import { redisStore } from "../store.js";
import { startRedisServer, type RedisServer } from "./redis-server.js";
import { claimOf, digest, leaseOf, startOf } from "./requests.js";

/**
 * What it costs to list what is unknown, after an outage that left very much of it: Redis' CPU and the
 * process's for an item, and the slowest page, which has to come within the command timeout (2 s). What
 * grows with the number for an item isn't linear.
 *
 *     node scripts/run-ts.mjs packages/redis-store/src/testing/unresolved-cost.ts [UNKNOWN …]
 */
const given = process.argv.slice(2).map(Number);
const sizes = given.length > 0 ? given : [10_000, 100_000];
const rows: Record<string, unknown>[] = [];

for (const unknown of sizes) {
  const server = await startRedisServer();
  try {
    const store = redisStore({ client: server.connect() });
    rows.push({ store: "Redis", ...(await measure(store, unknown, () => cpuMs(server))) });
  } finally {
    await server.stop();
  }
  rows.push({ store: "memory", ...(await measure(memoryStore(), unknown, () => 0)) });
}
console.table(rows);

async function measure(
  store: DedupeStore,
  unknown: number,
  storeCpuMs: () => number | Promise<number>,
) {
  await leaveUnknown(store, unknown);
  const storeBefore = await storeCpuMs();
  const own = process.cpuUsage();
  let items = 0;
  let pages = 0;
  let slowestMs = 0;
  let cursor: string | undefined;
  do {
    const askedAt = performance.now();
    const page = await store.unresolved(cursor);
    slowestMs = Math.max(slowestMs, performance.now() - askedAt);
    items += page.items.length;
    pages += 1;
    cursor = page.next;
  } while (cursor !== undefined);
  const { user, system } = process.cpuUsage(own);
  if (items !== unknown) throw new Error(`${items} of ${unknown} are listed`);
  const perItem = (ms: number) => ((1_000 * ms) / unknown).toFixed(1);
  return {
    unknown,
    pages,
    "store CPU, µs an item": perItem((await storeCpuMs()) - storeBefore),
    "process CPU, µs an item": perItem((user + system) / 1_000),
    "slowest page, ms": Math.round(slowestMs),
  };
}

/** Begun under a claim that ends at once. */
async function leaveUnknown(store: DedupeStore, count: number): Promise<void> {
  const together = 200;
  for (let from = 0; from < count; from += together) {
    const keys = Array.from({ length: Math.min(together, count - from) }, (_, n) =>
      digest(`unknown ${from + n}`),
    );
    await store.claim(keys.map((key) => claimOf(key)));
    const leases = keys.map((key) => leaseOf(key));
    await Promise.all(leases.map((lease) => store.begin(startOf(lease))));
    await store.release(leases);
  }
}

async function cpuMs(server: RedisServer): Promise<number> {
  const info = await server.connect().info("cpu");
  const seconds = /used_cpu_user:([\d.]+)/.exec(info)?.[1];
  const system = /used_cpu_sys:([\d.]+)/.exec(info)?.[1];
  return 1_000 * (Number(seconds) + Number(system));
}
