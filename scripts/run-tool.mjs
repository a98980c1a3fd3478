import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { root } from "./packages.mjs";

const require = createRequire(import.meta.url);

/**
 * The program file of a tool installed in the workspace root.
 *
 * @param {string} dependency
 * @param {string} [bin] the program's name, where it is not the package's
 */
function programOf(dependency, bin = dependency.replace(/^.*\//, "")) {
  const manifestFile = join(root, "node_modules", dependency, "package.json");
  const manifest = require(manifestFile);
  const file = typeof manifest.bin === "string" ? manifest.bin : manifest.bin[bin];
  return join(dirname(manifestFile), file);
}

/**
 * Runs a tool to its end and answers its exit code and what it wrote.
 *
 * @param {{ dependency: string, bin?: string, args: string[], cwd?: string }} tool
 * @returns {Promise<{ code: number, output: string }>}
 */
export function runTool({ dependency, bin, args, cwd = root }) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [programOf(dependency, bin), ...args], {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? "1" : "0" },
    });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
