import { startRedisServer, type RedisServer } from "@exactly-once/redis-store/testing";
import { summarize, type Row, type RowName } from "../rows.js";
import type { Consumption } from "./consume.js";

export interface RedisCost {
  /** What Redis executed, the commands inside scripts too. */
  readonly commands: number;
  readonly redisCpuMs: number;
}

/** A Redis of its own, without persistence, so that no disk is measured. */
export async function withRedis<Result>(
  work: (redis: RedisServer) => Promise<Result>,
): Promise<Result> {
  const redis = await startRedisServer();
  try {
    return await work(redis);
  } finally {
    await redis.stop();
  }
}

/** What Redis had to do for some work. */
export async function costOnRedis<Result>(
  redis: RedisServer,
  work: () => Promise<Result>,
): Promise<Result & RedisCost> {
  const client = redis.connect();
  const before = parseCost(await client.info("everything"));
  const result = await work();
  const after = parseCost(await client.info("everything"));
  return {
    ...result,
    commands: after.commands - before.commands,
    redisCpuMs: after.redisCpuMs - before.redisCpuMs,
  };
}

/** From the answer to `INFO everything`; its own `INFO`s aren't counted. */
export function parseCost(info: string): RedisCost {
  let commands = 0;
  for (const [, name, calls] of info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)) {
    if (name !== "info") commands += Number(calls);
  }
  let seconds = 0;
  for (const [, used] of info.matchAll(/^used_cpu_(?:user|sys):([\d.]+)/gm))
    seconds += Number(used);
  return { commands, redisCpuMs: seconds * 1_000 };
}

/** Over all messages, since Redis can't tell those of the warm-up apart. */
export function redisRows(
  name: RowName,
  runs: readonly (RedisCost & Pick<Consumption, "messages" | "warmUp">)[],
): Row[] {
  const perMessage = (of: (run: RedisCost) => number): readonly number[] =>
    runs.map((run) => of(run) / (run.messages + run.warmUp));
  return [
    summarize(
      name,
      "Redis commands per message",
      "1",
      perMessage((run) => run.commands),
    ),
    summarize(
      name,
      "Redis CPU per message",
      "µs",
      perMessage((run) => run.redisCpuMs * 1_000),
    ),
  ];
}
