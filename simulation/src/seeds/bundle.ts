import { build, type Plugin } from "esbuild";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

const REQUIRE =
  'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);';

/** Sources by their paths. */
export type ChangedSources = ReadonlyMap<string, string>;

/**
 * Bundles an entry of this package with the sources of the packages under test, so that a worker
 * starts at once and runs at full speed.
 *
 * @param changed sources that stand in for those in the tree, by their paths
 */
export async function bundle(
  entry: string,
  outfile: string,
  changed: ChangedSources = new Map(),
): Promise<void> {
  await build({
    entryPoints: [`${ROOT}simulation/src/seeds/${entry}`],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    conditions: ["@exactly-once/source"],
    loader: { ".lua": "text" },
    external: ["esbuild", "cli-progress"],
    // Parts of the AWS SDK are CommonJS, and ask for Node's own modules by `require`.
    banner: { js: REQUIRE },
    logLevel: "error",
    plugins: [standIns(changed)],
  });
}

function standIns(changed: ChangedSources): Plugin {
  return {
    name: "stand-ins",
    setup: ({ onLoad }) => {
      for (const [path, contents] of changed) {
        const filter = new RegExp(`^${path.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&")}$`);
        onLoad({ filter }, () => ({ contents, loader: "ts" }));
      }
    },
  };
}
