// Where the project is published stands in the root's package.json alone; this checks that each package
// repeats it: node scripts/metadata.mjs [--write] [--release]
import { readFileSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { publishedPackages, root } from "./packages.mjs";

const own = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

/**
 * What a package's page says of where it comes from.
 *
 * @param {string} folder
 */
const expected = (folder) => ({
  license: own.license,
  homepage: `${own.homepage}/tree/main/packages/${folder}#readme`,
  bugs: own.bugs,
  repository: { ...own.repository, directory: `packages/${folder}` },
  engines: own.engines,
});

const write = process.argv.includes("--write");
/** @type {string[]} */
const faults = [];

for (const { folder, name, manifest } of publishedPackages()) {
  const wanted = expected(folder);
  const wrong = Object.entries(wanted).filter(
    ([field, value]) => !isDeepStrictEqual(manifest[field], value),
  );
  if (wrong.length === 0) continue;
  if (!write) {
    faults.push(
      `${name}: ${wrong.map(([field]) => field).join(", ")} (--write repeats the root's)`,
    );
    continue;
  }
  const { name: _, version, description, keywords, ...rest } = manifest;
  const mended = { name, version, description, keywords, ...wanted, ...rest, ...wanted };
  writeFileSync(`${root}packages/${folder}/package.json`, `${JSON.stringify(mended, null, 2)}\n`);
}

// They are released together; a new package begins with the version of the others.
const versions = new Set(publishedPackages().map(({ manifest }) => manifest.version));
if (versions.size > 1) faults.push(`packages differ in version: ${[...versions].join(", ")}`);

// Provenance is refused for a package whose repository isn't the one that builds it.
if (process.argv.includes("--release") && own.repository.url.includes("/OWNER/")) {
  faults.push("package.json: put the repository's owner in the place of OWNER, then --write");
}

for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
