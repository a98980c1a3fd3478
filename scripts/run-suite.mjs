import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { startBusyLoops } from "./busy-loops.mjs";
import { missingServer } from "./needed-servers.mjs";
import { TIMES } from "./repeating-runner.mjs";
import { SUMMARY_FILE } from "./suite-reporter.mjs";
import { takeOptions } from "./take-options.mjs";
import { lastLines, tally } from "./tally.mjs";

/** @param {string} path */
const inRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/**
 * Runs the files of one kind and ends with what was slow, what was skipped and the tally. Sets the
 * exit code.
 *
 * @param {{ config: string, args: readonly string[] }} suite a config in the root; the command's arguments
 */
export async function runSuite({ config, args }) {
  const { options, rest } = takeOptions(args, { times: "value", busy: "flag", json: "value" });
  const instruction = missingServer();
  if (instruction !== undefined) {
    console.error(instruction);
    process.exitCode = 1;
    return;
  }
  const times = options.times === undefined ? {} : { [TIMES]: options.times };
  const busy = options.busy === undefined ? undefined : startBusyLoops();
  const startedAt = performance.now();
  const { summary, status } = await runVitest([`--config=${inRoot(config)}`, ...rest], times);
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  busy?.stop();

  for (const line of lastLines(summary)) console.log(line);
  const { passed, failed } = tally(summary, status);
  if (options.json !== undefined) {
    const failures = summary.files.flatMap((file) => file.failures);
    const file = resolve(process.env["INIT_CWD"] ?? "", options.json);
    writeFileSync(file, `${JSON.stringify({ passed, failed, seconds, failures }, null, 2)}\n`);
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

/**
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string>>} env
 * @returns {Promise<{ summary: import("./tally.mjs").Summary, status: number | null }>}
 */
async function runVitest(args, env) {
  const folder = mkdtempSync(join(tmpdir(), "exactly-once-test-"));
  const summaryFile = join(folder, "summary.json");
  const reporters = ["--reporter=default", `--reporter=${inRoot("scripts/suite-reporter.mjs")}`];
  const child = spawn(
    process.execPath,
    [inRoot("node_modules/vitest/vitest.mjs"), "run", ...reporters, ...args],
    { stdio: "inherit", env: { ...process.env, ...env, [SUMMARY_FILE]: summaryFile } },
  );
  const status = await new Promise((resolve) => {
    child.on("error", () => resolve(null));
    child.on("exit", resolve);
  });
  const summary = read(summaryFile);
  rmSync(folder, { recursive: true, force: true });
  return { summary, status };
}

/**
 * @param {string} file
 * @returns {import("./tally.mjs").Summary}
 */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { files: [] };
  }
}
