import { setTimeout as sleep } from "node:timers/promises";
import { count, countOpen, type NamedCount } from "./count.js";
import { explain, gatherEvidence, judge, type Anomaly } from "./evidence.js";
import type { Stack } from "./stack.js";

export interface Rest {
  readonly counted: NamedCount;
  readonly anomalies: readonly Anomaly[];
  /** Events that were neither accepted nor listed at the first look. */
  readonly underWay: readonly number[];
}

const QUIET_WITHIN_MS = 10 * 60_000;
const REST_WITHIN_MS = 2 * 60_000;
/** What a process learns when it goes on after a stop is told by then. */
const REST_MS = 5_000;

/**
 * Waits until nothing changes any more. A process that goes on after a stop may bring the proof that
 * a listed attempt wasn't sent: then the event is on its way again, neither listed nor accepted.
 * What is lost stays so, however long one looks; what isn't is noted all the same.
 *
 * @param when for the anomalies, what was before
 */
export async function atRest(stack: Stack, events: number, when: string): Promise<Rest> {
  const until = Date.now() + REST_WITHIN_MS;
  await quiet(stack, events);
  const first = await count(events, stack.ses, stack.store);
  const early = await gatherEvidence(stack, first.lostIds);
  let last = first;
  for (;;) {
    await sleep(REST_MS);
    await quiet(stack, events);
    const counted = await count(events, stack.ses, stack.store);
    const isSame = counted.accepted === last.accepted && counted.unresolved === last.unresolved;
    last = counted;
    if ((isSame && counted.lost === 0) || Date.now() >= until) break;
  }
  const isLost = new Set(last.lostIds);
  const passing = early.filter(({ id }) => !isLost.has(id));
  return {
    counted: last,
    underWay: first.lostIds,
    anomalies: [
      ...passing.map((evidence) => judge(evidence, `on its way at the first look ${when}`)),
      ...(await explain(stack, when, last)),
    ],
  };
}

/** Until every event is done or waits for a verdict. */
async function quiet(stack: Stack, events: number): Promise<void> {
  const until = Date.now() + QUIET_WITHIN_MS;
  while (Date.now() < until) {
    if ((await countOpen(events, stack.store).catch(() => 1)) === 0) return;
    await sleep(1_000);
  }
}
