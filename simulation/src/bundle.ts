import { build, type Plugin } from "esbuild";
import { fileURLToPath } from "node:url";
import { applyPatches, type Patch } from "./mutants/patch.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Bundles an entry of this package with the sources of the packages under test, so that a worker
 * starts at once and runs at full speed; with patches, a mutant of them. Nothing in the tree is
 * touched.
 *
 * @throws where a patch doesn't apply any more.
 */
export async function bundle(
  entry: string,
  outfile: string,
  patches: readonly Patch[] = [],
): Promise<void> {
  await build({
    entryPoints: [`${ROOT}simulation/src/${entry}`],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    conditions: ["@exactly-once/source"],
    loader: { ".lua": "text" },
    external: ["esbuild", "cli-progress"],
    logLevel: "error",
    plugins: [patching(patches)],
  });
}

function patching(patches: readonly Patch[]): Plugin {
  return {
    name: "patches",
    setup: ({ onLoad }) => {
      for (const [changed, contents] of applyPatches(patches)) {
        const filter = new RegExp(`^${changed.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&")}$`);
        onLoad({ filter }, () => ({ contents, loader: "ts" }));
      }
    },
  };
}
