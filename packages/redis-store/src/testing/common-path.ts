import { repliesOf, type AttemptRef } from "@exactly-once/core/ports";
import { redisStore, type RedisStore } from "../store.js";
import { startRedisServer, type RedisServer } from "./redis-server.js";
import { acceptedNow, claimOf, digest, leaseOf, startOf } from "./requests.js";
import { startTcpProxy } from "./tcp-proxy.js";

/**
 * What a message costs as most go: claim, reserve with begin, settle, complete, each message
 * going its own way. CPU rather than wall time, so that a busy machine tells the same.
 *
 *     node scripts/run-ts.mjs packages/redis-store/src/testing/common-path.ts [MESSAGES] [CONCURRENCY]
 */
const [messages = 20_000, concurrency = 100] = process.argv.slice(2).map(Number);
const server = await startRedisServer();

try {
  const store = redisStore({ client: server.connect() });
  await run(store, "warm-up", messages / 2);
  const before = await redisCost(server);
  const cpu = process.cpuUsage();
  await run(store, "timed", messages);
  const { user, system } = process.cpuUsage(cpu);
  const after = await redisCost(server);
  const perMessage = (total: number): string => (total / messages).toFixed(2);
  console.table({
    "client CPU, µs": perMessage(user + system),
    "Redis CPU, µs": perMessage(after.cpuUs - before.cpuUs),
    "Redis commands, scripts' own included": perMessage(after.commands - before.commands),
    "round trips": perMessage(await roundTrips()),
    "bytes a done record": String(await bytesOf(digest("timed 1"))),
  });
} finally {
  await server.stop();
}

async function run(store: RedisStore, name: string, count: number): Promise<void> {
  let next = 0;
  async function worker(): Promise<void> {
    while (next < count) {
      const key = digest(`${name} ${(next += 1)}`);
      const lease = leaseOf(key, "f5lxx1zz5pnorynqglhzmsp33");
      const attempt: AttemptRef = { ...lease, effect: "email", attemptNumber: 1 };
      await store.claim([claimOf(key, lease.owner)]);
      await Promise.all([
        store.tripwire.reserve({ digest: key, holder: `${key}-email`, fence: 1, windowMs: 60_000 }),
        store.begin(startOf(lease)),
      ]);
      await store.settle(attempt, acceptedNow());
      const [reply] = repliesOf(await store.complete([lease]));
      if (reply !== "done") throw new Error(`${key} ended ${JSON.stringify(reply)}`);
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** Apart from the timed run, since the proxy shares this process. */
async function roundTrips(): Promise<number> {
  const proxy = await startTcpProxy(server);
  await run(redisStore({ client: server.connect({ port: proxy.port }) }), "counted", messages);
  await proxy.close();
  return proxy.roundTrips;
}

async function redisCost({ connect }: RedisServer): Promise<{ cpuUs: number; commands: number }> {
  const client = connect();
  const cpu = await client.info("cpu");
  const stats = await client.info("commandstats");
  const seconds = [...cpu.matchAll(/used_cpu_(?:sys|user):([\d.]+)/g)].map(([, s]) => Number(s));
  const calls = [...stats.matchAll(/cmdstat_(?!info)[^:]+:calls=(\d+)/g)].map(([, n]) => Number(n));
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
  return { cpuUs: sum(seconds) * 1e6, commands: sum(calls) };
}

async function bytesOf(key: string): Promise<number> {
  const [name = ""] = await server.connect().keys(`*:${key}`);
  return Number(await server.connect().memory("USAGE", name));
}
