import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./packages.mjs";

/** What every user gets beside the code. */
const expected = ["package.json", "README.md", "LICENSE", "CHANGELOG.md"];

/**
 * What is wrong with the files of a tarball: something missing, something of no use to a user, or the
 * builder's own folders in it.
 *
 * @param {string} tarball
 * @returns {string[]}
 */
export function faultsOfContents(tarball) {
  const folder = mkdtempSync(join(tmpdir(), "exactly-once-tarball-"));
  try {
    execFileSync("tar", ["-xzf", tarball, "--strip-components=1", "-C", folder]);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
    const { exports = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    /** Files that are no code, such as a migration, are there for the entries that name them. */
    const entries = Object.values(exports).filter((target) => typeof target === "string");
    /** @param {string} file */
    const isEntry = (file) =>
      entries.some((/** @type {string} */ entry) =>
        entry.endsWith("*") ? `./${file}`.startsWith(entry.slice(0, -1)) : entry === `./${file}`,
      );
    return [
      ...expected.filter((file) => !files.includes(file)).map((file) => `${file} is missing`),
      ...files
        .filter((file) => !expected.includes(file) && !file.startsWith("dist/") && !isEntry(file))
        .concat(files.filter((file) => /\.(test|fixture)\./.test(file)))
        .map((file) => `${file} is of no use to a user`),
      ...files
        .filter((file) => readFileSync(join(folder, file), "utf8").includes(root))
        .map((file) => `${file} names a folder of the machine that built it`),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
