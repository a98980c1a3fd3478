import type { ScenarioName } from "./settings.js";

/** The standard mix, by seed: of ten runs seven small ones, two standard and one crowded. */
export function scenarioOf(seed: number): ScenarioName {
  const place = seed % 10;
  if (place < 7) return "small";
  return place < 9 ? "standard" : "crowded";
}
