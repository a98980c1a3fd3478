import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Installed } from "./install.js";

const run = promisify(execFile);

export type ModuleSystem = "ESM" | "CommonJS";

/**
 * Milliseconds to load some entries in a fresh process, its own start not counted. What they import
 * is loaded with them: most bring the AWS SDK along.
 */
export async function importMs(
  { folder }: Installed,
  entries: readonly string[],
  system: ModuleSystem,
): Promise<number> {
  const load =
    system === "ESM"
      ? entries.map((entry) => `await import(${JSON.stringify(entry)});`)
      : entries.map((entry) => `require(${JSON.stringify(entry)});`);
  const code = [
    "const startedAt = performance.now();",
    ...load,
    "console.log(performance.now() - startedAt);",
    // Some open handles on import.
    "process.exit(0);",
  ].join("\n");
  const type = system === "ESM" ? "module" : "commonjs";
  const { stdout } = await run(process.execPath, [`--input-type=${type}`, "--eval", code], {
    cwd: folder,
  });
  return Number(stdout.trim());
}
