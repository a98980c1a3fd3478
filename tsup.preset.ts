import { fileURLToPath } from "node:url";
import { defineConfig, type Options } from "tsup";

const root = (path: string) => fileURLToPath(new URL(path, import.meta.url));

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

/** tsup bundles what a package imports without declaring it to its users; here that is an error. */
const nothingBundled: Plugin = {
  name: "nothing-bundled",
  setup: (build) => {
    build.onLoad({ filter: /[\\/]node_modules[\\/]/ }, ({ path }) => {
      const [name = path] =
        /(@[^\\/]+[\\/])?[^\\/]+/.exec(path.split("node_modules").at(-1)?.slice(1) ?? path) ?? [];
      return { errors: [{ text: `List ${name} in dependencies or peerDependencies.` }] };
    });
  },
};

/**
 * The build of every published package: ESM, CommonJS and types for both.
 *
 * @param entry output name (path under `dist`, without extension) to source file
 */
export function library(entry: Record<string, string>) {
  return defineConfig({
    entry,
    format: ["esm", "cjs"],
    // Without the source condition, types of sibling packages come from their builds, as a user sees
    // them, and are not inlined; packages therefore build in topological order.
    dts: {
      compilerOptions: {
        customConditions: [],
        // tsup takes relative paths of an extended tsconfig as relative to the package.
        typeRoots: [root("./node_modules/@types"), root("./types")],
      },
    },
    platform: "node",
    target: "node20.19",
    // Shared chunks keep one copy of each module (and of its module state) across the entries.
    splitting: true,
    sourcemap: true,
    clean: true,
    loader: { ".lua": "text" },
    esbuildPlugins: [nothingBundled],
  });
}
