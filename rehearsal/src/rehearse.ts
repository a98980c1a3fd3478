import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Cell } from "./cells.js";
import { runCommand } from "./command.js";
import { install, type Place } from "./places.js";
import { writeStranger } from "./stranger.js";

/** A version of Node: what it is called, and the folder of its program. */
export interface NodeVersion {
  readonly version: string;
  readonly folder: string;
}

export interface Tried {
  readonly cell: string;
  readonly place: string;
  readonly node: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly output: string;
}

/** Prepares a cell's folder in a place, and tries it on each of these versions of Node. */
export async function tryCell(
  cell: Cell,
  place: Place,
  nodes: readonly NodeVersion[],
  env: Readonly<Record<string, string>>,
): Promise<readonly Tried[]> {
  const { name, sources, runner = "node", tools = [], files = {}, command } = cell;
  const folder = join(place.folder, name.toLowerCase().replace(/[^a-z0-9.]+/g, "-"));
  await mkdir(folder, { recursive: true });
  const type = cell.type ?? (sources === "cjs" ? "commonjs" : "module");
  const all = { "package.json": { name: "service", private: true, type }, ...files };
  for (const [file, content] of Object.entries(all)) {
    await writeFile(join(folder, file), JSON.stringify(content, undefined, 2));
  }
  await writeStranger(folder, sources, runner);
  const prepared = tools.length === 0 ? undefined : await install(folder, tools);
  const tried: Tried[] = [];
  for (const { version, folder: bin } of nodes) {
    const PATH = [
      bin,
      join(folder, "node_modules/.bin"),
      join(place.folder, "node_modules/.bin"),
      process.env["PATH"] ?? "",
    ].join(":");
    const result =
      prepared?.ok === false
        ? prepared
        : await runCommand(command, { cwd: folder, env: { ...env, PATH, RUNTIME: place.runtime } });
    tried.push({ cell: name, place: place.name, node: version, ...result });
  }
  return tried;
}
