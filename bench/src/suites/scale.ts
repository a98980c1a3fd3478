import { summarize, type Row } from "../rows.js";
import { consumeTogether } from "./consume-together.js";
import { consume, consumptionRows } from "./consume.js";
import { fillRecords } from "./fill-records.js";
import { interleaved } from "./interleaved.js";
import { costOnRedis, redisRows, withRedis } from "./on-redis.js";
import type { Suite, SuiteOptions } from "./suite.js";

const SUITE = "scale";
const RECORDS = { "1,000": 1e3, "10,000": 1e4, "100,000": 1e5, "1,000,000": 1e6 } as const;
const REPLICAS = { "1": 1, "2": 2, "4": 4, "8": 8 } as const;

/** Of each replica. Rows of one number of replicas are compared with another's, all as warm. */
const WARM_UP = 5_000;

type RecordCount = keyof typeof RECORDS;
type ReplicaCount = keyof typeof REPLICAS;

/** Whether a message costs more when much was done before it, and when others work beside. */
export const scale: Suite = async (options) => [
  ...(await withRecords(options)),
  ...(await withReplicas(options)),
];

/** One process of ours on a Redis that holds so many done records of other messages. */
async function withRecords({ runs, messages, warmUp, only, note }: SuiteOptions): Promise<Row[]> {
  const nameOf = (count: RecordCount): string => `${count} done records`;
  const counts = (Object.keys(RECORDS) as RecordCount[]).filter((count) =>
    nameOf(count).includes(only),
  );
  note(counts.map(nameOf).join("; "));
  const measured = await interleaved(counts, runs, (count) =>
    withRedis(async (redis) => {
      const bytesPerRecord = await fillRecords(redis, RECORDS[count]);
      const consumption = await costOnRedis(redis, () =>
        consume({
          contender: "ours on Redis",
          messages,
          warmUp,
          pollers: 4,
          concurrency: 100,
          handler: { ms: 0 },
          redisUrl: redis.url,
        }),
      );
      return { ...consumption, bytesPerRecord };
    }),
  );
  return [...measured].flatMap(([count, of]) => {
    const at = { suite: SUITE, case: nameOf(count), contender: "ours on Redis" };
    const bytes = of.map((run) => run.bytesPerRecord);
    return [
      ...consumptionRows(at, of),
      ...redisRows(at, of),
      summarize(at, "Redis memory per record", "B", bytes),
    ];
  });
}

/**
 * So many processes of ours on one queue and one Redis. They, the emulator and Redis share this
 * machine's cores: what a message costs says more about scale here than messages per second.
 */
async function withReplicas({ runs, messages, warmUp, only, note }: SuiteOptions): Promise<Row[]> {
  const nameOf = (count: ReplicaCount): string => `${count} replica${count === "1" ? "" : "s"}`;
  const counts = (Object.keys(REPLICAS) as ReplicaCount[]).filter((count) =>
    nameOf(count).includes(only),
  );
  note(counts.map(nameOf).join("; "));
  const measured = await interleaved(counts, runs, (count) =>
    withRedis((redis) =>
      costOnRedis(redis, () =>
        consumeTogether({
          replicas: REPLICAS[count],
          messages,
          // Each process has to get warm.
          warmUp: Math.min(warmUp, WARM_UP) * REPLICAS[count],
          redisUrl: redis.url,
        }),
      ),
    ),
  );
  return [...measured].flatMap(([count, of]) => {
    const at = { suite: SUITE, case: nameOf(count), contender: "ours on Redis" };
    return [
      summarize(
        at,
        "messages per second",
        "1/s",
        of.map((run) => run.messages / run.seconds),
      ),
      summarize(
        at,
        "client CPU per message",
        "µs",
        of.map((run) => (run.cpuMs * 1_000) / run.messages),
      ),
      ...redisRows(at, of),
    ];
  });
}
