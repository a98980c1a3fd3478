import { build } from "esbuild";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";

/**
 * Bundles programs from the sources as they are, with all that they import. Tests start processes
 * often, and compiling the sources each time takes longer than most of what they do.
 *
 * @template {string} Name
 * @param {string} packageFolder the package that they belong to: what they find by their own place is found
 * @param {Readonly<Record<Name, string>>} entries source files by the names of the programs
 * @returns {Promise<{ readonly programs: Readonly<Record<Name, string>>, remove: () => Promise<void> }>}
 */
export async function bundlePrograms(packageFolder, entries) {
  const cache = join(packageFolder, "node_modules/.cache");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "programs-"));
  await build({
    entryPoints: entries,
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    conditions: ["@exactly-once/source"],
    loader: { ".lua": "text" },
    // For what is CommonJS among all that.
    banner: {
      js: `import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);`,
    },
    logLevel: "warning",
  });
  const names = /** @type {Name[]} */ (Object.keys(entries));
  const programs = Object.fromEntries(names.map((name) => [name, join(folder, `${name}.mjs`)]));
  return {
    programs: /** @type {Record<Name, string>} */ (programs),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
