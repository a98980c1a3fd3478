import { spawnSync } from "node:child_process";
import { root } from "./packages.mjs";

const program = `
  import { createRequire } from "node:module";
  const require = createRequire(process.cwd() + "/any.cjs");
  const names = (module) => Object.keys(module).filter((name) => !/^(default|__esModule|module\\.exports)$/.test(name)).sort().join();
  for (const entry of process.argv.slice(1)) {
    const [esm, cjs] = [await import(entry), require(entry)];
    if (names(esm) !== names(cjs)) throw new Error(entry + " has other names as ESM than as CommonJS:\\n" + names(esm) + "\\n" + names(cjs));
    for (const name of Object.keys(esm).filter((name) => name.endsWith("Error"))) {
      const foreign = Object.create(cjs[name].prototype);
      if (!(foreign instanceof esm[name])) throw new Error(entry + ": " + name + " of CommonJS isn't an instance of ESM's");
      if (foreign.name !== name) throw new Error(entry + ": " + name + " calls itself " + foreign.name);
    }
  }
`;

/**
 * Loads each built entry of a package by its name, as ESM and as CommonJS, and compares the names.
 * Errors of the one have to be instances of the other's classes.
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
