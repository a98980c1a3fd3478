import type { ScenarioName } from "./settings.js";

/**
 * The standard mix, by seed: of twenty runs seven small ones, one of two pipelines, two in Lambda, two standard, two of services
 * set up otherwise, one crowded, two with verdicts from silence, two with failovers and one of the user
 * cache.
 */
export function scenarioOf(seed: number): ScenarioName {
  const place = seed % 20;
  if (place < 7) return "small";
  if (place < 8) return "pipelines";
  if (place < 9) return "varied";
  if (place < 11) return "lambda";
  if (place < 13) return "standard";
  if (place < 14) return "varied";
  if (place < 15) return "crowded";
  if (place < 17) return "evidence";
  return place < 19 ? "failover" : "users";
}
