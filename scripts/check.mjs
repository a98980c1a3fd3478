// Runs every static check and tells all that fail: node scripts/check.mjs [STEP ...]
import { spawn } from "node:child_process";

/** Package scripts, in order; those after the build read what it wrote. */
const steps = [
  { script: "check:format", fix: "pnpm format" },
  { script: "lint", fix: "pnpm lint --fix" },
  { script: "types" },
  { script: "check:metadata", fix: "node scripts/metadata.mjs --write" },
  { script: "check:links" },
  { script: "check:snippets" },
  {
    script: "check:figures",
    fix: "node scripts/options-page.mjs --write && node scripts/cost-page.mjs --write",
  },
  { script: "site:pages" },
  { script: "build" },
  { script: "check:packed", needsBuild: true },
  { script: "api", needsBuild: true, fix: "pnpm build && pnpm api:update" },
  { script: "sizes", needsBuild: true },
  { script: "docs", needsBuild: true },
];

/**
 * @param {string} script
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
const run = (script) =>
  new Promise((resolve) => {
    const child = spawn("pnpm", ["--silent", "run", script], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, pnpm_config_verify_deps_before_run: "false" },
    });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("error", (error) => resolve({ ok: false, output: error.message }));
    child.on("close", (code) => resolve({ ok: code === 0, output }));
  });

const wanted = process.argv.slice(2);
/** @type {string[]} */
const failed = [];

for (const { script, fix, needsBuild } of steps) {
  if (wanted.length > 0 && !wanted.includes(script)) continue;
  if (needsBuild && failed.includes("build")) {
    console.log(`-  ${script} (needs the build)`);
    continue;
  }
  const start = performance.now();
  const { ok, output } = await run(script);
  console.log(
    `${ok ? "ok" : "NO"} ${script} (${Math.round((performance.now() - start) / 1000)} s)`,
  );
  if (ok) continue;
  failed.push(script);
  console.log(output.trimEnd());
  if (fix !== undefined) console.log(`May be mended by: ${fix}`);
}

console.log(failed.length === 0 ? "All checks hold." : `Failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
