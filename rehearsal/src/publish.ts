import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packAll } from "../../scripts/pack.mjs";
import { runCommand } from "./command.js";
import { npmrcFor, type Registry } from "./registry.js";

/** Publishes every package as it is built now. */
export async function publishAll(folder: string, registry: Registry): Promise<number> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, ".npmrc"), npmrcFor(registry));
  const tarballs = packAll(folder);
  for (const [name, tarball] of tarballs) {
    // A release candidate isn't what `npm install` takes unless it is tagged so.
    const { ok, output } = await runCommand(`npm publish --tag latest '${tarball}'`, {
      cwd: folder,
    });
    if (!ok) throw new Error(`${name} can't be published:\n${output}`);
  }
  return tarballs.size;
}
