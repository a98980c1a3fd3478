// Plants one fault after another, runs the tests of the package that has it, and tells which test fell:
//   node scripts/planted-faults.mjs [--only TEXT]
// It works in a working tree of its own, of the last commit. Exit code 1 where a fault wasn't noticed.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { faults } from "./planted-faults.list.mjs";
import { root } from "./packages.mjs";
import { takeOptions } from "./take-options.mjs";

const { options } = takeOptions(process.argv.slice(2), { only: "value" });
const folder = mkdtempSync(join(tmpdir(), "exactly-once-faults-"));
const tree = join(folder, "tree");

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} [cwd]
 */
function run(command, args, cwd = tree) {
  const { status, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  return { failed: status !== 0, stderr };
}

/**
 * @param {string} project
 * @returns the first test that fell, with its file
 */
function fallenTest(project) {
  const file = join(folder, "tests.json");
  rmSync(file, { force: true });
  const vitest = ["node_modules/vitest/vitest.mjs", "run", "--project", project, "--bail", "1"];
  const { stderr } = run(process.execPath, [...vitest, "--reporter", "json", "--outputFile", file]);
  /** @type {{ testResults: { name: string, status: string, assertionResults: { status: string, fullName: string }[] }[] }} */
  const { testResults } = JSON.parse(readFileSync(file, "utf8"));
  if (testResults.length === 0) throw new Error(`No test of ${project} ran: ${stderr}`);
  for (const { name, status, assertionResults } of testResults) {
    const test = assertionResults.find((result) => result.status === "failed");
    if (test) return `\`${relative(tree, name)}\`: ${test.fullName}`;
    if (status === "failed") return `\`${relative(tree, name)}\` as a whole`;
  }
  return undefined;
}

/** @param {import("./planted-faults.list.mjs").Fault} fault */
function noticed({ says, project, file, from, to }) {
  const path = join(tree, file);
  const source = readFileSync(path, "utf8");
  if (source.split(from).length !== 2) throw new Error(`${file} has not once: ${from}`);
  writeFileSync(
    path,
    source.replace(from, () => to),
  );
  const test = fallenTest(project);
  writeFileSync(path, source);
  console.log(`| ${project} | ${says} | ${test ?? "**nobody noticed**"} |`);
  return test !== undefined;
}

run("git", ["worktree", "add", "--detach", tree, "HEAD"], root);
try {
  const { failed, stderr } = run("npx", ["-y", "pnpm@12", "install", "--frozen-lockfile"]);
  if (failed) throw new Error(stderr);
  console.log("| package | fault | test that fell |\n| --- | --- | --- |");
  const chosen = faults.filter(({ says }) => says.includes(options.only ?? ""));
  if (!chosen.map(noticed).every(Boolean)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
  run("git", ["worktree", "prune"], root);
}
