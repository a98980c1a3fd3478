import { setTimeout as sleep } from "node:timers/promises";
import { count, countOpen, figures, type Count } from "./count.js";
import { startStack } from "./stack.js";

export interface OutageResult extends Count {
  readonly events: number;
  readonly downSeconds: number;
  /** The most that any message's receive count rose while Redis was down. */
  readonly receivesGained: number;
  readonly deadLettered: number;
  /** From Redis' start until the next email was accepted. */
  readonly resumedAfterMs: number;
}

/** Redis is down for a while in the middle of the work; nothing else goes wrong. */
export async function redisOutage(events: number, downSeconds: number): Promise<OutageResult> {
  const stack = await startStack({ visibilityMs: 10_000, sesDelayMs: 200 });
  try {
    await stack.publish(events);
    await Promise.all([stack.startReplica(), stack.startReplica()]);
    while (stack.ses.accepted() < events / 3) await sleep(50);
    const before = new Map(stack.receives);
    await stack.redis.kill();
    await sleep(downSeconds * 1_000);
    await stack.redis.start();
    const upAt = Date.now();
    const accepted = stack.ses.accepted();
    while (stack.ses.accepted() === accepted) await sleep(20);
    const resumedAfterMs = Date.now() - upAt;
    while ((await countOpen(events, stack.store)) > 0) await sleep(500);
    const gained = [...stack.receives].map(([id, receives]) => receives - (before.get(id) ?? 1));
    return {
      events,
      downSeconds,
      ...figures(await count(events, stack.ses, stack.store)),
      receivesGained: Math.max(0, ...gained),
      deadLettered: await stack.deadLetters(),
      resumedAfterMs,
    };
  } finally {
    await stack.stop();
  }
}
