import { fileURLToPath } from "node:url";
import { defineConfig } from "tsup";

const root = (path: string) => fileURLToPath(new URL(path, import.meta.url));

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
    treeshake: false,
    loader: { ".lua": "text" },
  });
}
