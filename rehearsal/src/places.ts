import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { publishedPackages } from "../../scripts/packages.mjs";
import { runCommand, type CommandResult } from "./command.js";
import { npmrcFor, type Registry } from "./registry.js";

/** A folder with the packages under test installed in it. */
export interface Place {
  readonly name: string;
  readonly folder: string;
  /** A folder with what a Lambda runtime brings, and nothing else. */
  readonly runtime: string;
  readonly installed: CommandResult;
}

const manifests = publishedPackages().map(({ name, manifest }) => ({
  name,
  peers: (manifest as { peerDependencies?: Record<string, string> }).peerDependencies ?? {},
}));

/** Libraries that the service uses; only their names, so that the newest are taken. */
const others = ["zod", "fauxqs"];

/** What a stranger types: our packages, and the newest of what they ask for. */
export const newest: readonly string[] = [
  ...manifests.map(({ name }) => name),
  ...new Set(manifests.flatMap(({ peers }) => Object.keys(peers))),
  ...others,
];

/** The same with the lowest version that each range of a peer names. */
export const lowest: readonly string[] = [
  ...manifests.filter(({ name }) => name !== "@exactly-once/cli").map(({ name }) => name),
  ...lowestPeers(),
  ...others,
];

function lowestPeers(): readonly string[] {
  const ranges = Object.assign({}, ...manifests.map(({ peers }) => peers)) as Record<
    string,
    string
  >;
  return Object.entries(ranges).map(([name, range]) => {
    const [version] = /\d+\.\d+\.\d+/.exec(range) ?? [];
    if (version === undefined) throw new Error(`${name}: no lowest version in ${range}`);
    return `${name}@${version}`;
  });
}

/** Installs the packages in a fresh folder, as a stranger does. */
export async function createPlace(
  parent: string,
  registry: Registry,
  name: string,
  packages: readonly string[],
): Promise<Place> {
  const folder = join(parent, name);
  const runtime = join(parent, `${name}-runtime`);
  for (const path of [folder, runtime]) {
    await mkdir(path, { recursive: true });
    await writeFile(join(path, ".npmrc"), npmrcFor(registry));
    await writeFile(
      join(path, "package.json"),
      JSON.stringify({ name: "stranger", private: true }),
    );
  }
  const installed = await install(folder, packages);
  const clients = packages.filter((item) => item.startsWith("@aws-sdk/"));
  const brought = await install(runtime, clients);
  return {
    name,
    folder,
    runtime,
    installed: installed.ok ? installed : { ...brought, ...installed },
  };
}

export function install(cwd: string, packages: readonly string[]): Promise<CommandResult> {
  const quoted = packages.map((item) => `'${item}'`).join(" ");
  // npm looks for ever for what meets a peer that nothing meets.
  return runCommand(`npm install --no-audit --no-fund ${quoted}`, { cwd, timeoutMs: 180_000 });
}

/** The complaints of an installation that are about our packages. */
export function complaints({ output }: CommandResult): readonly string[] {
  return output
    .split("\n")
    .filter((line) => /^npm (warn|error)/i.test(line))
    .filter((line) => /@exactly-once|ERESOLVE|peer/i.test(line));
}

/** What an installation takes on disk, and in how many packages. */
export async function sizeOf(folder: string): Promise<{ mb: number; packages: number }> {
  const { output } = await runCommand("du -sm node_modules", { cwd: folder });
  const lock = await readFile(join(folder, "node_modules/.package-lock.json"), "utf8");
  const { packages } = JSON.parse(lock) as { packages: object };
  return { mb: Number.parseInt(output, 10), packages: Object.keys(packages).length };
}

/** Nodes of other versions, as packages; the folders of their programs by version. */
export async function installNodes(
  parent: string,
  versions: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const folder = join(parent, "nodes");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true }));
  const from = `node-${process.platform}-${process.arch}`;
  const packages = versions.map(
    (version) => `node${version.replace(".", "-")}@npm:${from}@${version}`,
  );
  const { ok, output } = await install(folder, packages);
  if (!ok) throw new Error(`Node ${versions.join(", ")} can't be installed:\n${output}`);
  const found = await readdir(join(folder, "node_modules"));
  return new Map(
    versions.map((version) => {
      const name = found.find((item) => item === `node${version.replace(".", "-")}`);
      return [version, join(folder, "node_modules", name ?? "", "bin")];
    }),
  );
}
