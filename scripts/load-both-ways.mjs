import { spawnSync } from "node:child_process";
import { root } from "./packages.mjs";

const program = `
  import { createRequire } from "node:module";
  const require = createRequire(process.cwd() + "/any.cjs");
  const names = (module) => Object.keys(module).filter((name) => !/^(default|__esModule|module\\.exports)$/.test(name)).sort().join();
  for (const entry of process.argv.slice(1)) {
    const [esm, cjs] = [names(await import(entry)), names(require(entry))];
    if (esm !== cjs) throw new Error(entry + " has other names as ESM than as CommonJS:\\n" + esm + "\\n" + cjs);
  }
`;

/**
 * Loads each built entry of a package by its name, as ESM and as CommonJS, and compares the names.
 *
 * @param {ReturnType<typeof import("./packages.mjs").publishedPackages>[number]} item
 */
export function loadBothWays({ folder, name, entries }) {
  const specifiers = entries.map(({ subpath }) => `${name}${subpath.slice(1)}`);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--input-type=module", "--eval", program, ...specifiers],
    { cwd: `${root}packages/${folder}`, encoding: "utf8" },
  );
  return { code: status ?? 1, output: stdout + stderr };
}
