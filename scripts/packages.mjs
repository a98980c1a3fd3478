import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * The published packages, each after those it depends on.
 *
 * @returns {{ folder: string, name: string, manifest: any, entries: { subpath: string, file: string }[] }[]}
 */
export function publishedPackages() {
  const found = readdirSync(`${root}packages`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name: folder }) => {
      const manifest = JSON.parse(readFileSync(`${root}packages/${folder}/package.json`, "utf8"));
      const entries = Object.entries(manifest.publishConfig.exports)
        .filter(([, target]) => typeof target === "object")
        .map(([subpath, target]) => ({
          subpath,
          file: target.import.default.replace("./dist/", "").replace(/\.js$/, ""),
        }));
      return { folder, name: manifest.name, manifest, entries };
    });
  /** @type {typeof found} */
  const ordered = [];
  /** @param {(typeof found)[number]} item */
  const add = (item) => {
    if (ordered.includes(item)) return;
    found.filter(({ name }) => item.manifest.dependencies?.[name]).forEach(add);
    ordered.push(item);
  };
  found.forEach(add);
  return ordered;
}
