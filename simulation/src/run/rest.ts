import type { UnresolvedItem } from "@exactly-once/core/ports";
import { redriveOnce } from "../actors/redrive.js";
import type { ScenarioSettings } from "../scenarios/settings.js";
import type { RunBasis } from "./basis.js";
import type { Replicas } from "./replicas.js";
import type { ServiceWorld } from "./service-world.js";

/** Looking whether everything rests costs more than most events do. */
const LOOK_EVERY = 4;

/**
 * Lets the faults happen, ends them, and goes on until nothing moves and nothing is unresolved, for
 * as long as the settings allow. What is unresolved even then is for the oracles.
 */
export async function runToRest(
  basis: RunBasis,
  settings: ScenarioSettings,
  world: ServiceWorld,
  { hosts, consumers }: Replicas,
): Promise<readonly UnresolvedItem[]> {
  const { kernel, decisions, network, violations, run } = basis;
  let looks = 0;
  const atRest = (): boolean => {
    looks += 1;
    return (
      looks % LOOK_EVERY === 0 &&
      kernel.now > settings.productionMs &&
      world.main.messages().length === 0 &&
      hosts.every(({ up }) => up) &&
      [...consumers.values()].every((consumer) => consumer.health().inFlight === 0)
    );
  };

  await run(settings.calmAt, atRest);
  decisions.calm();
  network.heal();
  const restBy = kernel.now + settings.restWithinMs;
  await run(restBy, atRest);
  if (settings.redrive && violations.length === 0) {
    const redriven = redriveOnce(world.dlq, world.main, world.ledger);
    if (redriven > 0) await run(restBy, atRest);
  }
  if (violations.length > 0) return [];
  return settleUnresolved();

  /** Late evidence and the operator's rounds: until nothing is unresolved, within the bound. */
  async function settleUnresolved(): Promise<readonly UnresolvedItem[]> {
    for (;;) {
      const { items } = await world.store.execute("unresolved", []);
      if (items.length === 0 || kernel.now >= restBy || violations.length > 0) return items;
      await run(Math.min(restBy, kernel.now + settings.operatorEveryMs));
    }
  }
}
