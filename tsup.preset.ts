import { readFileSync, readdirSync, writeFileSync, mkdirSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Options } from "tsup";

const root = (path: string) => fileURLToPath(new URL(path, import.meta.url));

type Plugin = NonNullable<Options["plugins"]>[number];
type EsbuildPlugin = NonNullable<Options["esbuildPlugins"]>[number];

/** What the builds of all published packages have in common. */
const common: Options = {
  platform: "node",
  target: "node20.19",
  // Shared chunks keep one copy of each module (and of its module state) across the entries.
  splitting: true,
  clean: true,
  loader: { ".lua": "text" },
};

/**
 * The build of a library: ESM, CommonJS, types for both, and source maps.
 *
 * @param entry output name (path under `dist`, without extension) to source file
 * @param bundled packages that are built in, from `devDependencies`, their licences beside them: what
 *   can't be loaded everywhere that this library can
 */
export function library(entry: Record<string, string>, bundled: readonly string[] = []) {
  return defineConfig({
    ...common,
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
    sourcemap: true,
    esbuildPlugins: [onlyBundled(bundled)],
    plugins: [portableMaps],
  });
}

/**
 * The build of a program, which nobody imports: ESM alone.
 *
 * @param bundled packages that are built in, from `devDependencies`, their licences beside them: for
 *   what is many times larger than the part of it that is used
 */
export function program(entry: Record<string, string>, bundled: readonly string[]) {
  return defineConfig({
    ...common,
    entry,
    format: ["esm"],
    esbuildPlugins: [onlyBundled(bundled)],
  });
}

/** tsup bundles what a package imports without declaring it to its users; here that is an error. */
function onlyBundled(allowed: readonly string[]): EsbuildPlugin {
  return {
    name: "only-bundled",
    setup: (build) => {
      const folders = new Map<string, string>();
      build.onLoad({ filter: /[\\/]node_modules[\\/]/ }, ({ path }) => {
        const [, folder = path, name = path] =
          /^(.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+))[\\/]/.exec(path) ?? [];
        if (!allowed.includes(name)) {
          return { errors: [{ text: `List ${name} in dependencies or peerDependencies.` }] };
        }
        folders.set(name, folder);
        return undefined;
      });
      build.onEnd(() => {
        if (folders.size === 0) return;
        const { outdir = "dist" } = build.initialOptions;
        // The other module kind may have emptied it, and the first build finds none.
        mkdirSync(outdir, { recursive: true });
        writeFileSync(join(outdir, "THIRD-PARTY-LICENSES.txt"), licencesOf(folders));
      });
    },
  };
}

/** The texts that have to go along with copies of these packages. */
function licencesOf(folders: ReadonlyMap<string, string>): string {
  const texts = [...folders].sort().map(([name, folder]) => {
    const { version, license } = JSON.parse(
      readFileSync(join(folder, "package.json"), "utf8"),
    ) as Record<"version" | "license", string>;
    const written = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile() && /^(licen[cs]e|notice|copyright)/i.test(file.name))
      .map((file) => readFileSync(join(file.parentPath, file.name), "utf8").trim());
    return [`${name} ${version} (${license}), parts of it`, ...written].join("\n\n");
  });
  return `${texts.join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

/** Splitting CommonJS, tsup names the builder's own folders in the maps. */
const portableMaps: Plugin = {
  name: "portable-maps",
  buildEnd: ({ writtenFiles }) => {
    for (const { name: file } of writtenFiles.filter(({ name }) => name.endsWith(".map"))) {
      const map = JSON.parse(readFileSync(file, "utf8")) as { sources: string[]; file?: string };
      const from = dirname(resolve(file));
      const portable = (path: string) => (isAbsolute(path) ? relative(from, path) : path);
      map.sources = map.sources.map(portable);
      if (map.file !== undefined) map.file = portable(map.file);
      writeFileSync(file, JSON.stringify(map));
    }
  },
};
