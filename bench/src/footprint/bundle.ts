import { build, type Plugin } from "esbuild";
import { gzipSync } from "node:zlib";
import type { Installed } from "./install.js";

/** What a service has anyway, whichever library it takes: no library's own weight. */
const BROUGHT = ["@aws-sdk/*", "@smithy/*", "ioredis", "@redis/client", "zod"];

/**
 * Bytes of the minified, gzipped bundle of all that some entries export, with their dependencies but
 * without the SDK, the Redis client and the validator that a service brings.
 */
export function bundledBytes(at: Installed, entries: readonly string[]): Promise<number> {
  return bundle(at, entries, []);
}

/** The same without any dependency: the packages' own code. */
export function ownBytes(at: Installed, entries: readonly string[]): Promise<number> {
  return bundle(at, entries, [leaveOut(entries)]);
}

async function bundle(
  { folder }: Installed,
  entries: readonly string[],
  plugins: Plugin[],
): Promise<number> {
  const contents = entries
    .map((entry, index) => `export * as entry${index} from ${JSON.stringify(entry)};`)
    .join("\n");
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: folder },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    external: BROUGHT,
    plugins,
    logLevel: "silent",
  });
  return gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length;
}

/** Leaves out what is imported by name, but for the packages themselves. */
function leaveOut(entries: readonly string[]): Plugin {
  const own = (path: string): boolean =>
    entries.some((entry) => path === entry || path.startsWith(`${entry}/`));
  return {
    name: "leave-out-dependencies",
    setup: ({ onResolve }) => {
      onResolve({ filter: /^[^./]/ }, ({ path }) =>
        own(path) ? undefined : { path, external: true },
      );
    },
  };
}
