import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { endChild } from "./child.js";
import { count, countOpen, type Count } from "./count.js";
import { startStack, type Stack } from "./stack.js";

export interface ChaosOptions {
  readonly events: number;
  readonly replicas: number;
  readonly redisRestarts: number;
}

export interface ChaosResult extends Count {
  readonly events: number;
  readonly kills: number;
  readonly stops: number;
  readonly redisRestarts: number;
  readonly deadLettered: number;
  readonly maxReceives: number;
  readonly seconds: number;
}

const VISIBILITY_MS = 5_000;
/** Longer than any lease. */
const STOPPED_MS = { least: 6_000, most: 10_000 };
const REDIS_DOWN_MS = { least: 1_000, most: 4_000 };
const SETTLE_WITHIN_MS = 2 * 60_000;
const QUIET_WITHIN_MS = 10 * 60_000;

/**
 * Replicas are killed and stopped at random, and Redis is killed and started, while events are
 * handled. After all is quiet it is counted what became of them.
 */
export async function killAndStop(options: ChaosOptions): Promise<ChaosResult> {
  const began = Date.now();
  const stack = await startStack({ visibilityMs: VISIBILITY_MS, sesDelayMs: 200 });
  try {
    await stack.publish(options.events);
    const fleet = await startFleet(stack, options.replicas);
    const redisRestarts = await restartRedis(stack, options);
    await fleet.calm();
    const counted = await countAtRest(stack, options.events);
    return {
      events: options.events,
      ...counted,
      kills: fleet.kills,
      stops: fleet.stops,
      redisRestarts,
      deadLettered: await stack.deadLetters(),
      maxReceives: Math.max(0, ...stack.receives.values()),
      seconds: Math.round((Date.now() - began) / 1_000),
    };
  } finally {
    await stack.stop();
  }
}

interface Fleet {
  readonly kills: number;
  readonly stops: number;
  /** Ends the violence and waits until every replica runs. */
  calm(): Promise<void>;
}

async function startFleet(stack: Stack, size: number): Promise<Fleet> {
  const tally = { kills: 0, stops: 0 };
  let over = false;

  async function torment(first: ChildProcess): Promise<void> {
    let replica = first;
    while (!over) {
      await sleep(between({ least: 1_000, most: 6_000 }));
      if (over) return;
      if (Math.random() < 0.5) {
        tally.kills += 1;
        await endChild(replica);
        replica = await stack.startReplica();
      } else {
        tally.stops += 1;
        replica.kill("SIGSTOP");
        await sleep(between(STOPPED_MS));
        replica.kill("SIGCONT");
      }
    }
  }

  const replicas = await Promise.all(Array.from({ length: size }, () => stack.startReplica()));
  const torments = replicas.map(torment);
  return {
    get kills() {
      return tally.kills;
    },
    get stops() {
      return tally.stops;
    },
    calm: async () => {
      over = true;
      await Promise.all(torments);
    },
  };
}

/** Spread over the work: each time another share of the events is done. */
async function restartRedis(stack: Stack, options: ChaosOptions): Promise<number> {
  const { events, redisRestarts } = options;
  for (let restart = 1; restart <= redisRestarts; restart += 1) {
    await untilAccepted(stack, (events * restart) / (redisRestarts + 1));
    await stack.redis.kill();
    await sleep(between(REDIS_DOWN_MS));
    await stack.redis.start();
  }
  await untilAccepted(stack, events * 0.9);
  return redisRestarts;
}

/** Or until nothing has been accepted for a while: what is left may all be unresolved. */
async function untilAccepted(stack: Stack, emails: number): Promise<void> {
  let last = -1;
  let idleSince = Date.now();
  while (stack.ses.accepted() < emails && Date.now() - idleSince < 60_000) {
    if (stack.ses.accepted() !== last) idleSince = Date.now();
    last = stack.ses.accepted();
    await sleep(100);
  }
}

/**
 * Evidence may move an event from the list back to work between two looks, where it is neither
 * listed nor accepted for a moment. What is lost stays so, however long one looks.
 */
async function countAtRest(stack: Stack, events: number): Promise<Count> {
  const until = Date.now() + SETTLE_WITHIN_MS;
  for (;;) {
    await quiet(stack, events);
    const counted = await count(events, stack.ses, stack.store);
    if (counted.lost === 0 || Date.now() >= until) return counted;
    await sleep(5_000);
  }
}

async function quiet(stack: Stack, events: number): Promise<void> {
  const until = Date.now() + QUIET_WITHIN_MS;
  while (Date.now() < until) {
    if ((await countOpen(events, stack.store).catch(() => 1)) === 0) return;
    await sleep(1_000);
  }
}

function between({ least, most }: { readonly least: number; readonly most: number }): number {
  return least + Math.random() * (most - least);
}
