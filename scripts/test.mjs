// Runs every test once: node scripts/test.mjs [--times N] [--busy] [--json FILE] [VITEST ARGUMENTS]
//   --times N    each of them so many times, to see one that fails now and then
//   --busy       with every core kept busy by an endless loop
//   --json FILE  writes what it came to
import { runSuite } from "./run-suite.mjs";

await runSuite({ config: "vitest.config.ts", args: process.argv.slice(2) });
