import { setTimeout as sleep } from "node:timers/promises";
import { count, countOpen, figures, type Count } from "./count.js";
import { startStack } from "./stack.js";
import type { StoreKind } from "./store-server.js";

export interface OutageResult extends Count {
  readonly events: number;
  readonly downSeconds: number;
  /** The most that any message's receive count rose while the store was down. */
  readonly receivesGained: number;
  readonly deadLettered: number;
  /** From the store's start until the next email was accepted. */
  readonly resumedAfterMs: number;
}

/** The store is down for a while in the middle of the work; nothing else goes wrong. */
export async function storeOutage(
  storeKind: StoreKind,
  events: number,
  downSeconds: number,
): Promise<OutageResult> {
  const stack = await startStack({ storeKind, visibilityMs: 10_000, sesDelayMs: 200 });
  try {
    await stack.publish(events);
    await Promise.all([stack.startReplica(), stack.startReplica()]);
    while (stack.ses.accepted() < events / 3) await sleep(50);
    const before = new Map(stack.receives);
    await stack.server.kill();
    await sleep(downSeconds * 1_000);
    await stack.server.start();
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
