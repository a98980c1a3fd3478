// Runs the whole test command again and again, and keeps how long each run took:
//   node scripts/test-runs.mjs [--runs N] [--busy] [--json FILE] [ARGUMENTS OF test]
//   --runs N     8 by default
//   --busy       with every core kept busy by an endless loop
//   --json FILE  adds the series to those in the file
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { startBusyLoops } from "./busy-loops.mjs";
import { root } from "./packages.mjs";
import { takeOptions } from "./take-options.mjs";

/** @typedef {{ passed: number, failed: number, seconds: number, failures: readonly string[] }} Run */

const { options, rest } = takeOptions(process.argv.slice(2), {
  runs: "value",
  busy: "flag",
  json: "value",
});
const count = Number(options.runs ?? 8);
if (!Number.isInteger(count) || count < 1) throw new Error("--runs must be a whole number.");

/** @param {string[]} args */
const git = (...args) => spawnSync("git", args, { cwd: root, encoding: "utf8" }).stdout.trim();

const folder = mkdtempSync(join(tmpdir(), "exactly-once-test-runs-"));

/** @returns {Promise<Run>} */
async function runOnce() {
  const file = join(folder, "run.json");
  rmSync(file, { force: true });
  const test = fileURLToPath(new URL("test.mjs", import.meta.url));
  const child = spawn(process.execPath, [test, "--json", file, ...rest], { stdio: "inherit" });
  await new Promise((resolve) => child.on("exit", resolve));
  return JSON.parse(readFileSync(file, "utf8"));
}

const series = {
  date: new Date().toISOString(),
  commit: `${git("rev-parse", "--short", "HEAD")}${git("status", "--porcelain") === "" ? "" : " and changes"}`,
  node: process.version,
  machine: `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`,
  arguments: rest,
  busyLoops: 0,
  loadBefore: loadavg()[0],
  /** @type {Run[]} */
  runs: [],
};
const busy = options.busy === undefined ? undefined : startBusyLoops();
series.busyLoops = busy?.loops ?? 0;

for (let run = 1; run <= count; run += 1) {
  console.log(`Run ${run} of ${count}`);
  series.runs.push(await runOnce());
}
busy?.stop();
rmSync(folder, { recursive: true, force: true });

if (options.json !== undefined) {
  const file = resolve(process.env["INIT_CWD"] ?? "", options.json);
  const known = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
  writeFileSync(file, `${JSON.stringify([...known, series], null, 2)}\n`);
}
for (const { passed, failed, seconds, failures } of series.runs) {
  console.log(`${seconds} s: ${passed} passed, ${failed} failed ${failures.join("; ")}`);
}
process.exitCode = series.runs.some(({ failed }) => failed > 0) ? 1 : 0;
