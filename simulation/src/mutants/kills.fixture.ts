import { readFileSync } from "node:fs";
import type { HuntReport } from "./hunt.js";

export const REGENERATE =
  "Make the list anew: pnpm simulate --mutants --json simulation/mutants.json";

/** Which seed kills which planted bug, as last hunted for. */
export const KILLS = JSON.parse(
  readFileSync(new URL("../../mutants.json", import.meta.url), "utf8"),
) as HuntReport;
