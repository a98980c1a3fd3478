import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { ScenarioName } from "../scenarios/settings.js";

/** A run that once broke a promise, shrunk to the faults that matter. Replayed for ever. */
export interface CorpusEntry {
  readonly seed: number;
  readonly scenario: ScenarioName;
  readonly faults: readonly string[];
  /** The promise it broke. */
  readonly oracle: string;
  /** What the bug would have done to a user, in words. */
  readonly story: string;
}

const FOLDER = fileURLToPath(new URL("../../corpus/", import.meta.url));

export async function loadCorpus(): Promise<readonly { name: string; entry: CorpusEntry }[]> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith(".json")).sort();
  return Promise.all(
    names.map(async (name) => ({
      name: name.slice(0, -".json".length),
      entry: JSON.parse(await readFile(FOLDER + name, "utf8")) as CorpusEntry,
    })),
  );
}

export async function saveEntry(name: string, entry: CorpusEntry): Promise<string> {
  await mkdir(FOLDER, { recursive: true });
  const file = `${FOLDER}${name}.json`;
  await writeFile(file, `${JSON.stringify(entry, null, 2)}\n`);
  return file;
}
