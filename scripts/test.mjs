// Runs every test once: node scripts/test.mjs [VITEST ARGUMENTS]
import { runSuite } from "./run-suite.mjs";

await runSuite({ config: "vitest.config.ts", args: process.argv.slice(2) });
