import { build } from "esbuild";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import manifest from "../package.json" with { type: "json" };

const inPackage = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/**
 * Bundles the program from the sources as they are, as its build does: tests start it often, and
 * compiling it each time would take longer than all they do.
 */
export async function bundleCli(): Promise<{ readonly main: string; remove(): Promise<void> }> {
  // Within the package, since what stays outside of the bundle is found from there.
  const cache = inPackage("node_modules/.cache");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "cli-test-"));
  await build({
    entryPoints: [inPackage("src/main.ts")],
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    conditions: ["@exactly-once/source"],
    loader: { ".lua": "text" },
    external: Object.keys(manifest.dependencies).filter(
      (name) => !name.startsWith("@exactly-once/"),
    ),
    // For the CommonJS among what the siblings bring along.
    banner: {
      js: `import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);`,
    },
    logLevel: "warning",
  });
  return {
    main: join(folder, "main.mjs"),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
