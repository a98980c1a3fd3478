import { build, type Plugin } from "esbuild";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** A planted bug: what to find in one source file, exactly once, and what to put there. */
export interface Patch {
  /** Relative to the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

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
      for (const file of new Set(patches.map((patch) => patch.file))) {
        const filter = new RegExp(`${file.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&")}$`);
        onLoad({ filter }, async ({ path }) => {
          const source = await readFile(path, "utf8");
          const own = patches.filter((patch) => patch.file === file);
          return { contents: own.reduce(applyPatch, source), loader: "ts" };
        });
      }
    },
  };
}

/** @throws where the text to find isn't there exactly once. */
export function applyPatch(source: string, { file, find, replace }: Patch): string {
  const parts = source.split(find);
  if (parts.length !== 2) {
    throw new Error(`The patch of ${file} fits ${parts.length - 1} times: ${find.slice(0, 60)}`);
  }
  return parts.join(replace);
}
