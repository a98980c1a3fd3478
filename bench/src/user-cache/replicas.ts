import { startRedisServer } from "@exactly-once/redis-store/testing";
import { startChild } from "./child.js";
import { createLocalCognito, traineeIdOf } from "./formr-pool.js";
import type { ReplicaCommand, ReplicaInput, ReplicaMessage } from "./replica-process.js";
import type { Row } from "../rows.js";
import { row } from "./rows.js";
import { overHttp, traineeCache } from "./trainee-cache.js";

type Ready = Extract<ReplicaMessage, { type: "ready" }>;
type Swapped = Extract<ReplicaMessage, { type: "swapped" }>;
type Timed = Extract<ReplicaMessage, { type: "timed" }>;

export function replica(input: ReplicaInput) {
  const child = startChild<ReplicaMessage>("./replica-process.ts", input);
  const ready = child.next((message): message is Ready => message.type === "ready");
  ready.catch(() => undefined);
  return { ...child, ready };
}

/** 50 misses at once in one process: the walks they cause, counted at the pool. */
export async function misses(options: { readonly runs: number }): Promise<Row[]> {
  const users = 6_000;
  const walks: number[] = [];
  for (let run = 0; run < options.runs; run += 1) {
    const cognito = await createLocalCognito({ users, pageLatencyMs: 2 });
    const cache = traineeCache({ source: overHttp(cognito.endpoint, cognito.userPoolId) });
    cache.start();
    const waitMs = 60_000;
    const asked = Array.from({ length: 50 }, (_, n) => cache.lookup(traineeIdOf(n), { waitMs }));
    const found = (await Promise.all(asked)).filter((result) => result.status === "found");
    if (found.length !== 50) throw new Error(`only ${found.length} of 50 were found`);
    walks.push(cognito.counts().walks);
    await cache.stop();
    await cognito.close();
  }
  return [row({ case: "50 misses at once" }, "walks", "walks", walks)];
}

/** Eight replicas in processes of their own start together; a ninth comes later. */
export async function eightAndNinth(options: {
  readonly users: number;
  readonly runs: number;
}): Promise<Row[]> {
  const { users, runs } = options;
  const walks: number[] = [];
  const warm: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const redis = await startRedisServer();
    const cognito = await createLocalCognito({ users, pageLatencyMs: 2 });
    const { endpoint, userPoolId } = cognito;
    const input = { redis: redis.url, prefix: "bench", users, pool: { endpoint, userPoolId } };
    const replicas = Array.from({ length: 8 }, () => replica(input));
    try {
      const all = await Promise.all(replicas.map(({ ready }) => ready));
      check(all, users);
      const ninth = replica(input);
      replicas.push(ninth);
      const ready = await ninth.ready;
      check([ready], users);
      warm.push(ready.tookMs);
      walks.push(cognito.counts().walks);
    } finally {
      await Promise.all(replicas.map((child) => child.kill()));
      await cognito.close();
      await redis.stop();
    }
  }
  return [
    row({ case: `8 replicas started together, ${users} users` }, "walks in all", "walks", walks),
    row({ case: `a ninth replica, ${users} users` }, "warm after", "ms", warm),
  ];
}

/** A replica warms from a large snapshot in Redis, and later reads the next one beside lookups. */
export async function warming(options: {
  readonly users: number;
  readonly runs: number;
}): Promise<Row[]> {
  const { users, runs } = options;
  const redis = await startRedisServer();
  const input = { redis: redis.url, prefix: "bench", users };
  const warm: number[] = [];
  const p99: number[] = [];
  const most: number[] = [];
  const walker = replica(input);
  try {
    await walker.ready;
    for (let run = 0; run < runs; run += 1) {
      const late = replica({ ...input, pool: "none" });
      const ready = await late.ready;
      check([ready], users);
      warm.push(ready.tookMs);

      const walked = walker.next((message): message is Swapped => message.type === "swapped");
      walker.process.send("refresh" satisfies ReplicaCommand);
      await walked;
      const timed = late.next((message): message is Timed => message.type === "timed");
      late.process.send("refreshTimed" satisfies ReplicaCommand);
      const times = await timed;
      p99.push(times.p99);
      most.push(times.max);
      await late.kill();
    }
  } finally {
    await walker.kill();
    await redis.stop();
  }
  const ninth = { case: `a ninth replica, ${users} users` };
  const reading = { case: `reading the next snapshot from Redis, ${users} users` };
  return [
    row(ninth, "warm after", "ms", warm),
    row(reading, "lookup p99 meanwhile", "ms", p99),
    row(reading, "lookup max meanwhile", "ms", most),
  ];
}

function check(ready: readonly Ready[], users: number): void {
  const wrong = ready.find(({ entries }) => entries !== users);
  if (wrong) throw new Error(`a replica was ready with ${wrong.entries} of ${users} entries`);
}
