import {
  startRedisServer,
  startTcpProxy,
  type RedisServer,
} from "@exactly-once/redis-store/testing";
import type { ContenderName } from "../contenders/index.js";
import { summarize, type Row } from "../rows.js";
import { consume, consumptionRows, type Consumption } from "./consume.js";
import { interleaved } from "./interleaved.js";
import type { Suite } from "./suite.js";

const CONTENDERS: readonly ContenderName[] = [
  "ours on Redis",
  "sqs-consumer + Powertools",
  "message-queue-toolkit",
];
const SUITE = "dedupe on Redis";

/** Each message deduped in Redis; a Redis of its own for each run. */
export const dedupe: Suite = async ({ runs, messages, note }) => {
  const rows: Row[] = [];
  for (const pollers of [1, 4]) {
    const name = `trivial effect, ${pollers} poller${pollers > 1 ? "s" : ""}`;
    note(name);
    const measured = await interleaved(CONTENDERS, runs, (contender) =>
      onRedis((redis) => measure(redis, contender, messages, pollers)),
    );
    note(`${name}, round trips`);
    for (const [contender, of] of measured) {
      const at = { suite: SUITE, case: name, contender };
      rows.push(...consumptionRows(at, of));
      const commands = of.map((run) => run.commands / run.messages);
      rows.push(summarize(at, "Redis commands per message", "1", commands));
      const trips = await onRedis((redis) => countTrips(redis, contender, messages, pollers));
      rows.push(summarize(at, "Redis round trips per message", "1", [trips]));
    }
  }
  return rows;
};

async function onRedis<Result>(work: (redis: RedisServer) => Promise<Result>): Promise<Result> {
  const redis = await startRedisServer();
  try {
    return await work(redis);
  } finally {
    await redis.stop();
  }
}

async function measure(
  redis: RedisServer,
  contender: ContenderName,
  messages: number,
  pollers: number,
): Promise<Consumption & { readonly commands: number }> {
  const client = redis.connect();
  const before = await commandsOf(client);
  const run = await run_(contender, messages, pollers, redis.url);
  return { ...run, commands: (await commandsOf(client)) - before };
}

/** Through a proxy that sees each round trip; apart from the timed runs, since it costs CPU. */
async function countTrips(
  redis: RedisServer,
  contender: ContenderName,
  messages: number,
  pollers: number,
): Promise<number> {
  const proxy = await startTcpProxy(redis);
  try {
    await run_(contender, messages, pollers, `redis://${proxy.host}:${proxy.port}`);
    return proxy.roundTrips / messages;
  } finally {
    await proxy.close();
  }
}

function run_(
  contender: ContenderName,
  messages: number,
  pollers: number,
  redisUrl: string,
): Promise<Consumption> {
  return consume({
    contender,
    messages,
    pollers,
    concurrency: 100,
    handler: { ms: 0 },
    redisUrl,
  });
}

/** What clients sent: the commands inside a script aren't counted by Redis as such. */
async function commandsOf(client: ReturnType<RedisServer["connect"]>): Promise<number> {
  const text = await client.info("commandstats");
  let calls = 0;
  for (const [, name, count] of text.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)) {
    if (name === "info") continue;
    calls += Number(count);
  }
  return calls;
}
