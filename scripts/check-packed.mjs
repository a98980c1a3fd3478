// Checks the packages as they would be published: publint and "are the types wrong" on the tarballs,
// and that each entry loads as ESM and as CommonJS with the same names.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadBothWays } from "./load-both-ways.mjs";
import { publishedPackages, root } from "./packages.mjs";
import { runTool } from "./run-tool.mjs";

const folder = mkdtempSync(join(tmpdir(), "exactly-once-packed-"));
let failures = 0;

/** @param {string} name @param {{ code: number, output: string }} result */
const report = (name, { code, output }) => {
  if (code === 0) return;
  failures += 1;
  console.error(`${name}\n${output.trimEnd()}\n`);
};

for (const { name, manifest } of publishedPackages()) {
  // An entry with nothing but a source is for this workspace's own tests.
  const published = Object.entries(manifest.exports).flatMap(([entry, target]) => {
    if (typeof target === "string") return [[entry, target]];
    const { "@exactly-once/source": _, ...built } = target;
    return Object.keys(built).length === 0 ? [] : [[entry, built]];
  });
  const withoutSource = JSON.stringify(Object.fromEntries(published));
  const same = withoutSource === JSON.stringify(manifest.publishConfig.exports);
  const output = "publishConfig.exports must be exports without the source condition.";
  report(name, { code: same ? 0 : 1, output });
}

try {
  execFileSync("pnpm", ["-r", "--filter", "./packages/*", "pack", "--pack-destination", folder], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const tarballs = readdirSync(folder).filter((file) => file.endsWith(".tgz"));
  const expected = publishedPackages().length;
  if (tarballs.length !== expected) throw new Error(`packed ${tarballs.length} of ${expected}`);

  for (const tarball of tarballs) {
    const file = join(folder, tarball);
    report(
      `publint ${tarball}`,
      await runTool({ dependency: "publint", args: ["run", file, "--strict"] }),
    );
    report(
      `attw ${tarball}`,
      await runTool({
        dependency: "@arethetypeswrong/cli",
        bin: "attw",
        args: [file, "--profile", "node16", "--no-emoji", "--format", "ascii"],
      }),
    );
  }
  for (const item of publishedPackages()) report(`loading ${item.name}`, loadBothWays(item));
  console.log(`${tarballs.length} packages checked`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures > 0 ? 1 : 0;
