import { startTcpProxy, type RedisServer } from "@exactly-once/redis-store/testing";
import type { ContenderName } from "../contenders/index.js";
import { summarize, type Row } from "../rows.js";
import { consume, consumptionRows, type Consumption } from "./consume.js";
import { interleaved } from "./interleaved.js";
import { costOnRedis, redisRows, withRedis } from "./on-redis.js";
import type { Suite } from "./suite.js";

/** What receiving and deleting alone take, with no handler and no Redis: nobody gets beyond it. */
const CEILING: ContenderName = "bare SDK, tuned client";
const CONTENDERS: readonly ContenderName[] = [
  CEILING,
  "ours on Redis",
  "sqs-consumer + Powertools",
  "sqs-consumer + Powertools, tuned client",
  "message-queue-toolkit",
];
const SUITE = "dedupe on Redis";
/** Messages at a time for each poller. Ours only: a peer's is its batch, ten, whatever is set. */
const CONCURRENCY = 100;

/** Each message deduped in Redis; a Redis of its own for each run. */
export const dedupe: Suite = async ({ runs, messages, warmUp, only, note }) => {
  const rows: Row[] = [];
  for (const pollers of [1, 4]) {
    const name = `trivial effect, ${pollers} poller${pollers > 1 ? "s" : ""}`;
    const run = (contender: ContenderName, redisUrl: string): Promise<Consumption> =>
      consume({
        contender,
        messages,
        warmUp,
        pollers,
        concurrency: CONCURRENCY * pollers,
        handler: { ms: 0 },
        redisUrl,
      });
    if (!name.includes(only)) continue;
    note(name);
    const measured = await interleaved(CONTENDERS, runs, (contender) =>
      withRedis((redis) => costOnRedis(redis, () => run(contender, redis.url))),
    );
    note(`${name}, round trips`);
    for (const [contender, of] of measured) {
      const at = { suite: SUITE, case: name, contender };
      rows.push(...consumptionRows(at, of));
      if (contender === CEILING) continue;
      rows.push(...redisRows(at, of));
      const roundTrips = await withRedis((redis) =>
        countRoundTrips(redis, (url) => run(contender, url)),
      );
      rows.push(summarize(at, "Redis round trips per message", "1", [roundTrips]));
    }
  }
  return rows;
};

/** Through a proxy that sees each round trip; apart from the timed runs, since it costs CPU. */
async function countRoundTrips(
  redis: RedisServer,
  run: (url: string) => Promise<Consumption>,
): Promise<number> {
  const proxy = await startTcpProxy(redis);
  try {
    const { messages, warmUp } = await run(`redis://${proxy.host}:${proxy.port}`);
    return proxy.roundTrips / (messages + warmUp);
  } finally {
    await proxy.close();
  }
}
