import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { publishAll as release } from "../../scripts/release.mjs";
import { npmrcFor, type Registry } from "./registry.js";

/** Publishes every package as it is built now; answers how many they are. */
export async function publishAll(folder: string, registry: Registry): Promise<number> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, ".npmrc"), npmrcFor(registry));
  // A release candidate isn't what `npm install` takes unless it is tagged so.
  return (await release({ folder, tag: "latest" })).length;
}
