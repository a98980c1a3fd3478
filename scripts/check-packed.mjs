// Checks the packages as they would be published: what their tarballs hold, publint and "are the types
// wrong" on them, and that each entry loads as ESM and as CommonJS with the same names.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadBothWays } from "./load-both-ways.mjs";
import { packAll } from "./pack.mjs";
import { publishedPackages } from "./packages.mjs";
import { runTool } from "./run-tool.mjs";
import { faultsOfContents } from "./tarball-contents.mjs";

const folder = mkdtempSync(join(tmpdir(), "exactly-once-packed-"));
let failures = 0;

/** @param {string} name @param {{ code: number, output: string }} result */
const report = (name, { code, output }) => {
  if (code === 0) return;
  failures += 1;
  console.error(`${name}\n${output.trimEnd()}\n`);
};

/** @param {string} name @param {string[]} faults */
const reportFaults = (name, faults) =>
  report(name, { code: faults.length, output: faults.join("\n") });

for (const { name, manifest } of publishedPackages()) {
  // An entry with nothing but a source is for this workspace's own tests.
  const published = Object.entries(manifest.exports).flatMap(([entry, target]) => {
    if (typeof target === "string") return [[entry, target]];
    const { "@exactly-once/source": _, ...built } = target;
    return Object.keys(built).length === 0 ? [] : [[entry, built]];
  });
  const withoutSource = JSON.stringify(Object.fromEntries(published));
  const same = withoutSource === JSON.stringify(manifest.publishConfig.exports);
  const fault = "publishConfig.exports must be exports without the source condition.";
  reportFaults(name, same ? [] : [fault]);
}

try {
  const tarballs = packAll(folder);
  for (const item of publishedPackages()) {
    const { name, entries } = item;
    const file = tarballs.get(name) ?? "";
    reportFaults(`contents of ${name}`, faultsOfContents(file));
    report(
      `publint ${name}`,
      await runTool({ dependency: "publint", args: ["run", file, "--strict"] }),
    );
    if (entries.length === 0) continue;
    report(
      `attw ${name}`,
      await runTool({
        dependency: "@arethetypeswrong/cli",
        bin: "attw",
        args: [file, "--profile", "node16", "--no-emoji", "--format", "ascii"],
      }),
    );
    report(`loading ${name}`, loadBothWays(item));
  }
  console.log(`${tarballs.size} packages checked`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures > 0 ? 1 : 0;
