import { runGuarded } from "./run-seeds.js";
import type { ScenarioName } from "../scenarios/settings.js";

export interface Shrunk {
  readonly faults: readonly string[];
  readonly runs: number;
}

/**
 * Looks for a few faults that break the same promise: takes out ever smaller parts as long as what
 * is left still does (delta debugging). Each decision is keyed, so what stays happens as before.
 */
export async function shrink(
  seed: number,
  scenario: ScenarioName,
  oracle: string,
  faults: readonly string[],
  maxRuns = 400,
): Promise<Shrunk> {
  let runs = 0;
  const stillFails = async (kept: readonly string[]): Promise<boolean> => {
    runs += 1;
    const { violations } = await runGuarded({ seed, scenario, only: new Set(kept) });
    return violations.some((violation) => violation.oracle === oracle);
  };

  let current = [...new Set(faults)];
  if (!(await stillFails(current))) return { faults: current, runs };
  for (let size = Math.ceil(current.length / 2); size >= 1 && runs < maxRuns;) {
    let removed = false;
    for (let from = 0; from < current.length && runs < maxRuns;) {
      const kept = [...current.slice(0, from), ...current.slice(from + size)];
      if (await stillFails(kept)) {
        current = kept;
        removed = true;
      } else {
        from += size;
      }
    }
    if (size === 1 && !removed) break;
    size = size === 1 ? 1 : Math.ceil(size / 2);
  }
  return { faults: current, runs };
}
