import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { publishedPackages, root } from "./packages.mjs";

/**
 * Packs every published package, as built, and answers its tarballs by the packages' names, each after
 * those it depends on.
 *
 * @param {string} folder where the tarballs go
 * @returns {ReadonlyMap<string, string>}
 */
export function packAll(folder) {
  execFileSync("pnpm", ["-r", "--filter", "./packages/*", "pack", "--pack-destination", folder], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const files = readdirSync(folder);
  return new Map(
    publishedPackages().map(({ name, manifest }) => {
      const file = `${name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`;
      if (!files.includes(file)) throw new Error(`${name} was not packed: run "pnpm build" first`);
      return [name, join(folder, file)];
    }),
  );
}
