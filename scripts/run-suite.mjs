import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { missingRedis } from "./redis-server.mjs";
import { SUMMARY_FILE } from "./suite-reporter.mjs";
import { lastLines, tally } from "./tally.mjs";

/** @param {string} path */
const inRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/**
 * Runs the files of one kind and ends with what was slow, what was skipped and the tally. Sets the
 * exit code.
 *
 * @param {{ config: string, args: readonly string[] }} suite a config in the root, and vitest's arguments
 */
export async function runSuite({ config, args }) {
  const instruction = missingRedis();
  if (instruction !== undefined) {
    console.error(instruction);
    process.exitCode = 1;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "exactly-once-test-"));
  const summaryFile = join(folder, "summary.json");
  const reporters = ["--reporter=default", `--reporter=${inRoot("scripts/suite-reporter.mjs")}`];
  const child = spawn(
    process.execPath,
    [
      inRoot("node_modules/vitest/vitest.mjs"),
      "run",
      `--config=${inRoot(config)}`,
      ...reporters,
      ...args,
    ],
    { stdio: "inherit", env: { ...process.env, [SUMMARY_FILE]: summaryFile } },
  );
  const status = await new Promise((resolve) => {
    child.on("error", () => resolve(null));
    child.on("exit", resolve);
  });
  const summary = read(summaryFile);
  rmSync(folder, { recursive: true, force: true });

  for (const line of lastLines(summary)) console.log(line);
  const { passed, failed } = tally(summary, status);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
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
