// Runs every test once: node scripts/test.mjs [VITEST ARGUMENTS]
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { missingRedis } from "./redis-server.mjs";
import { tally } from "./tally.mjs";

const instruction = missingRedis();
if (instruction !== undefined) {
  console.error(instruction);
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), "exactly-once-test-"));
const report = join(folder, "report.json");
const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
const args = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];

const { status } = spawnSync(process.execPath, [vitest, ...args, ...process.argv.slice(2)], {
  stdio: "inherit",
});

/** @returns {import("./tally.mjs").Report} */
const read = () => {
  try {
    return JSON.parse(readFileSync(report, "utf8"));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, testResults: [] };
  }
};
const { passed, failed } = tally(read(), status);
rmSync(folder, { recursive: true, force: true });

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
