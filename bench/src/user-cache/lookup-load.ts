import type { UserCache } from "@exactly-once/core/user-cache";
import { createHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { traineeIdOf, type TraineeAccount } from "./formr-pool.js";

/** What lookups took, all in ms. */
export interface LookupTimes {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly loopP99: number;
}

/** Up to 1,000 lookups a second, of which one in ten is for nobody, until `until` is over. */
export async function timeLookups(
  cache: UserCache<TraineeAccount>,
  users: number,
  until: Promise<unknown>,
): Promise<LookupTimes> {
  const times = createHistogram();
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  let over = false;
  const end = until.then(() => (over = true));
  for (let n = 0; !over; n += 1) {
    const nobody = n % 10 === 0;
    const id = nobody ? `nobody-${n}` : traineeIdOf((n * 7_919) % users);
    const start = performance.now();
    const { status } = await cache.lookup(id);
    times.record(Math.max(1, Math.round((performance.now() - start) * 1e6)));
    if (status !== (nobody ? "absent" : "found")) throw new Error(`${id} was ${status}`);
    await sleep(1);
  }
  await end;
  loop.disable();
  return {
    p50: times.percentile(50) / 1e6,
    p99: times.percentile(99) / 1e6,
    max: times.max / 1e6,
    loopP99: loop.percentile(99) / 1e6,
  };
}
