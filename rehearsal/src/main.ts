import { startRedisServer } from "@exactly-once/redis-store/testing";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { cells, type Cell } from "./cells.js";
import { runCommand } from "./command.js";
import { followedGuides, followGuide, nameOf } from "./guides.js";
import {
  complaints,
  createPlace,
  installNodes,
  lowest,
  newest,
  sizeOf,
  type Place,
} from "./places.js";
import { publishAll } from "./publish.js";
import { startRegistry } from "./registry.js";
import { tryCell, type NodeVersion, type Tried } from "./rehearse.js";
import { page, table } from "./report.js";

const usage = `usage: pnpm rehearse [--all | --brief] [--built] [--only TEXT] [--keep]

Publishes every package to a registry of its own on loopback, installs them from there as a stranger
would, and runs a small service and its tests in each way of using them.

  --all        on each supported Node, with the lowest versions, too; writes docs/rehearsal.md
  --brief      without the ways of use that differ little from another; what CI runs
  --built      takes the packages as they were built
  --only TEXT  only the ways of use whose name contains it
  --keep       leaves the folder that it worked in, and says where it is`;

const root = fileURLToPath(new URL("../..", import.meta.url));
const { values } = parseArgs({
  options: {
    all: { type: "boolean", default: false },
    brief: { type: "boolean", default: false },
    built: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    keep: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

/** The floor first: what is tried on one Node only is tried there. */
const NODES = ["20.19", "22", "24", "26"];

/** With the lowest versions only what loads and runs differs, not what compiles. */
const AT_LOWEST = /^(ESM|CommonJS, node|Lambda)/;

/** A natural installation with the newest of everything has to end in this time. */
const INSTALL_LIMIT_MS = 60_000;

async function rehearse(folder: string): Promise<boolean> {
  if (!values.built) await build();
  const registry = await startRegistry(join(folder, "registry"));
  const redis = await startRedisServer({ settings: { appendonly: "yes" } });
  try {
    const published = await publishAll(join(folder, "tarballs"), registry);
    say(`${published} packages published to ${registry.url}`);
    const nodes = values.all
      ? [...(await installNodes(folder, NODES))].map(([version, bin]) => ({ version, folder: bin }))
      : [{ version: process.versions.node, folder: dirname(process.execPath) }];
    const env = { REDIS_URL: redis.url };
    const facts: string[] = [];
    const tried: Tried[] = [];

    const atNewest = await createPlace(folder, registry, "newest", newest);
    tried.push(judgeInstallation(atNewest, nodes));
    facts.push(await describe(atNewest));
    if (atNewest.installed.ok) tried.push(...(await tryCells(cells, atNewest, nodes, env)));
    for (const page of await followedGuides()) {
      const [node] = nodes;
      if (node === undefined || !nameOf(page).includes(values.only)) continue;
      const followed = await followGuide(page, folder, registry, node, env);
      tell(followed);
      tried.push(followed);
    }
    if (values.all) {
      const atLowest = await createPlace(folder, registry, "lowest", lowest);
      tried.push(judgeInstallation(atLowest, nodes));
      facts.push(await describe(atLowest));
      const few = cells.filter(({ name }) => AT_LOWEST.test(name));
      tried.push(...(await tryCells(few, atLowest, nodes.slice(0, 1), env)));
    }

    console.log(`\n${table(tried)}\n\n${facts.join("\n")}`);
    if (values.all && values.only === "") {
      const date = new Date().toISOString().slice(0, 10);
      await writeFile(join(root, "docs/rehearsal.md"), page({ tried, facts }, date));
      await runCommand("node_modules/.bin/prettier --write docs/rehearsal.md", { cwd: root });
    }
    return tried.every(({ ok }) => ok);
  } finally {
    await redis.stop();
    await registry.close();
  }
}

async function build(): Promise<void> {
  const { ok, output } = await runCommand("pnpm build", { cwd: root });
  if (!ok) throw new Error(`The packages can't be built:\n${output}`);
}

/** A natural installation is itself a way of use that has to work, soon and without complaints. */
function judgeInstallation(place: Place, nodes: readonly NodeVersion[]): Tried {
  const { installed } = place;
  const wrong = complaints(installed);
  const soon = installed.ms < INSTALL_LIMIT_MS;
  const tried = {
    ...{ cell: "npm install", place: place.name, node: nodes[0]?.version ?? "", ms: installed.ms },
    ok: installed.ok && wrong.length === 0 && soon,
    output: soon ? installed.output : `${installed.output}\nlonger than ${INSTALL_LIMIT_MS} ms`,
  };
  tell(tried);
  return tried;
}

async function describe({ name, folder, installed }: Place): Promise<string> {
  if (!installed.ok) return `${name}: not installed`;
  const { mb, packages } = await sizeOf(folder);
  const { output } = await runCommand("npm ls --depth 0 --parseable --long", { cwd: folder });
  const versions = output
    .split("\n")
    .flatMap((line) => /:((?:@[^@:/]+\/)?[^@:]+@[^:]+)/.exec(line.replace(folder, ""))?.[1] ?? [])
    .filter((item) => !item.startsWith("@exactly-once/") && !item.startsWith("stranger"));
  const seconds = Math.round(installed.ms / 1000);
  return `${name}: ${packages} packages, ${mb} MB, installed in ${seconds} s: ${versions.join(", ")}`;
}

async function tryCells(
  some: readonly Cell[],
  place: Place,
  nodes: readonly NodeVersion[],
  env: Readonly<Record<string, string>>,
): Promise<readonly Tried[]> {
  const all: Tried[] = [];
  const wanted = some.filter(
    ({ name, inWhole }) => name.includes(values.only) && !(values.brief && inWhole),
  );
  for (const cell of wanted) {
    const tried = await tryCell(cell, place, nodesFor(cell, nodes), env);
    tried.forEach(tell);
    all.push(...tried);
  }
  return all;
}

function nodesFor({ nodes }: Cell, all: readonly NodeVersion[]): readonly NodeVersion[] {
  if (nodes === "current") return all.slice(0, 1);
  if (nodes === "from 22") return all.filter(({ version }) => Number.parseInt(version, 10) >= 22);
  return all;
}

function tell({ ok, cell, place, node, ms, output }: Tried): void {
  say(`${ok ? "ok" : "NO"} ${cell} (${place}, Node ${node}, ${Math.round(ms / 1000)} s)`);
  if (!ok) console.log(output.trimEnd());
}

function say(text: string): void {
  console.log(text);
}

if (values.help) {
  console.log(usage);
} else {
  const folder = await mkdtemp(join(tmpdir(), "exactly-once-rehearsal-"));
  try {
    process.exitCode = (await rehearse(folder)) ? 0 : 1;
  } finally {
    if (values.keep) console.log(`\nLeft in ${folder}`);
    else await rm(folder, { recursive: true, force: true });
  }
}
