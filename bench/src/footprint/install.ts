import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const WORKSPACE = new URL("../../../", import.meta.url).pathname;

/** As in the workspace: a release that isn't to be had everywhere yet, needed for its types only. */
const OVERRIDES = {
  "@message-queue-toolkit/redis-message-deduplication-store": { "@lokalise/node-core": "14.8.1" },
};

/** A folder with packages in its `node_modules`, as a user would have them. */
export interface Installed {
  readonly folder: string;
  /** Bytes of all files in `node_modules`. */
  readonly bytes: number;
  readonly packages: number;
}

/** Builds and packs our packages. Resolves with each one's tarball, by name. */
export async function packOurs(into: string): Promise<ReadonlyMap<string, string>> {
  await run("pnpm", ["run", "build"], { cwd: WORKSPACE });
  const pack = ["-r", "--filter", "./packages/*", "pack", "--pack-destination", into];
  await run("pnpm", pack, { cwd: WORKSPACE });
  const files = (await readdir(into)).filter((file) => file.endsWith(".tgz"));
  return new Map(files.map((file) => [nameOfTarball(file), join(into, file)]));
}

/** `exactly-once-core-0.0.0.tgz` holds `@exactly-once/core`. */
export function nameOfTarball(file: string): string {
  return file.replace(/^exactly-once-(.*)-\d+\.\d+\.\d+.*\.tgz$/, "@exactly-once/$1");
}

/**
 * Installs by npm, which brings peer dependencies along.
 *
 * @param specs what `npm install` takes: `name@version`, or a tarball's path
 */
export async function install(specs: readonly string[]): Promise<Installed> {
  const folder = await mkdtemp(join(tmpdir(), "exactly-once-footprint-"));
  const manifest = { private: true, type: "module", overrides: OVERRIDES };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  await run("npm", ["install", ...flags, ...specs], { cwd: folder });
  const lock = await readFile(join(folder, "package-lock.json"), "utf8");
  const { packages } = JSON.parse(lock) as { readonly packages: object };
  return {
    folder,
    bytes: await bytesIn(join(folder, "node_modules")),
    // The folder itself is listed, too.
    packages: Object.keys(packages).length - 1,
  };
}

export async function uninstall({ folder }: Installed): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
