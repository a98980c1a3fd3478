import type { UserCacheEvent } from "@exactly-once/core/user-cache";
import { setTimeout as sleep } from "node:timers/promises";
import { startChild } from "./child.js";
import type { CognitoMessage } from "./cognito-process.js";
import { traineeIdOf } from "./formr-pool.js";
import { timeLookups } from "./lookup-load.js";
import type { Row } from "../rows.js";
import { row } from "./rows.js";
import { overHttp, traineeCache } from "./trainee-cache.js";

const TEN_MINUTES = 600_000;

/**
 * The pool of the incident: how long the first form waits beyond the walk, and what lookups take
 * while the pool is walked again.
 */
export async function firstForm(options: {
  readonly users: number;
  readonly pageLatencyMs: number;
  readonly runs: number;
}): Promise<Row[]> {
  const name = { case: `${options.users} users, ${options.pageLatencyMs} ms a page` };
  const taken: Record<string, number[]> = {};
  for (let run = 0; run < options.runs; run += 1) {
    for (const [metric, value] of Object.entries(await once(options))) {
      (taken[metric] ??= []).push(value);
    }
  }
  return Object.entries(taken).map(([metric, values]) => row(name, metric, "ms", values));
}

async function once({ users, pageLatencyMs }: { users: number; pageLatencyMs: number }) {
  const child = startChild<CognitoMessage>("./cognito-process.ts", { users, pageLatencyMs });
  const { endpoint, userPoolId } = await child.first();
  const walks: number[] = [];
  const cache = traineeCache({
    source: overHttp(endpoint, userPoolId),
    observe(event: UserCacheEvent) {
      if (event.type === "swapped") walks.push(event.tookMs);
    },
  });
  const secondWalk = async () => {
    while (walks.length < 2) await sleep(50);
  };
  try {
    const began = performance.now();
    cache.start();
    const first = await cache.lookup(traineeIdOf(users - 1), { waitMs: TEN_MINUTES });
    if (first.status !== "found") throw new Error(`the first form was answered: ${first.status}`);
    const answered = performance.now() - began;

    const before = await timeLookups(cache, users, sleep(3_000));
    cache.refresh();
    const during = await timeLookups(cache, users, secondWalk());
    return {
      walk: walks[0] ?? NaN,
      "first form answered after the walk's end": answered - (walks[0] ?? NaN),
      "lookup p50 during a rebuild": during.p50,
      "lookup p99 during a rebuild": during.p99,
      "lookup max during a rebuild": during.max,
      "lookup p99 without one": before.p99,
      "event-loop delay p99 during a rebuild": during.loopP99,
      "event-loop delay p99 without one": before.loopP99,
    };
  } finally {
    await cache.stop();
    await child.kill();
  }
}
