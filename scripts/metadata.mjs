// Where the project is published stands in the root's package.json alone; this checks that each package
// and page repeats it: node scripts/metadata.mjs [--write] [--release]
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { publishedPackages, root } from "./packages.mjs";

const own = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

/** What stands in texts until the repository has an owner. */
const PLACEHOLDER = "https://github.com/OWNER/exactly-once";

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

for (const { folder, name } of publishedPackages()) {
  const page = readFileSync(`${root}packages/${folder}/README.md`, "utf8");
  // On npm's page there is nothing beside it.
  for (const [, target = ""] of page.matchAll(/\]\(([^)\s]+)/g)) {
    if (!/^(https:|#)/.test(target))
      faults.push(`${name}: README.md links to ${target} relatively`);
  }
  if (!new RegExp(`(npm i|npm install|npx) .*${name}`).test(page)) {
    faults.push(`${name}: README.md has no line that installs it`);
  }
}

const pages = execFileSync("git", ["ls-files", "-z", "*.md"], { cwd: root, encoding: "utf8" });
if (own.homepage !== PLACEHOLDER) {
  for (const page of pages.split("\0").filter((file) => file !== "")) {
    const text = readFileSync(root + page, "utf8");
    if (!text.includes(PLACEHOLDER)) continue;
    if (write) writeFileSync(root + page, text.replaceAll(PLACEHOLDER, own.homepage));
    else faults.push(`${page}: names the placeholder (--write puts the repository in its place)`);
  }
}

// They are released together; a new package begins with the version of the others.
const versions = new Set(publishedPackages().map(({ manifest }) => manifest.version));
if (versions.size > 1) faults.push(`packages differ in version: ${[...versions].join(", ")}`);

if (process.argv.includes("--release")) {
  // Provenance is refused for a package whose repository isn't the one that builds it.
  if (own.homepage === PLACEHOLDER) {
    faults.push("package.json: put the repository's owner in the place of OWNER, then --write");
  }
  const tag = process.env["GITHUB_REF_NAME"];
  if (tag !== undefined && !versions.has(tag.replace(/^v/, ""))) {
    faults.push(`the tag ${tag} isn't the version ${[...versions].join()}`);
  }
}

for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
