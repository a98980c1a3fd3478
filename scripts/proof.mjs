// Runs what proves that the tests find faults, and what takes a whole range to show, once:
//   node scripts/proof.mjs [--busy] [--json FILE] [VITEST ARGUMENTS]
import { runSuite } from "./run-suite.mjs";

await runSuite({ config: "vitest.proof.config.ts", args: process.argv.slice(2) });
