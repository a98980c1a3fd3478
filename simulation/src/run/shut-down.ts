import type { Host } from "../kernel/host.js";
import type { RunBasis } from "./basis.js";
import type { Replicas } from "./replicas.js";

/** Longer than anything that is still on its way takes, ms. */
export const ARRIVED_MS = 5 * 60_000;

/** Stops every consumer; whatever is still on its way in the world arrives. */
export async function shutDown(
  { kernel, report, run, violations }: RunBasis,
  { consumers }: Replicas,
  bystanders: readonly Host[],
): Promise<void> {
  let stopped = 0;
  for (const host of bystanders) host.exit();
  for (const [host, consumer] of consumers) {
    void consumer.stop({ deadlineMs: 20_000 }).then(() => {
      stopped += 1;
      const left = host.timers - host.requests;
      if (left > 0) report("no timer left", `${host.name} has ${left} after stop`);
    });
  }
  // What a process does after that, a user's would do until it ends.
  await run(kernel.now + ARRIVED_MS);
  for (const host of consumers.keys()) host.exit();
  if (stopped < consumers.size && violations.length === 0) {
    report("stops", `${consumers.size - stopped} consumers didn't stop`);
  }
}
