import type { ScenarioName } from "./settings.js";

/**
 * The standard mix, by seed: of twenty runs nine small ones, two in Lambda, three standard, one crowded,
 * two with verdicts from silence, two with failovers and one of the user cache.
 */
export function scenarioOf(seed: number): ScenarioName {
  const place = seed % 20;
  if (place < 9) return "small";
  if (place < 11) return "lambda";
  if (place < 14) return "standard";
  if (place < 15) return "crowded";
  if (place < 17) return "evidence";
  return place < 19 ? "failover" : "users";
}
