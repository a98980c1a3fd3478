// Publishes every package as it is built, those that stand in the registry already left out:
// node scripts/release.mjs [--dry-run]
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packAll } from "./pack.mjs";
import { publishedPackages } from "./packages.mjs";

/**
 * The tag that `npm install NAME` doesn't take by itself, for a candidate; `latest` for a release.
 *
 * @param {string} version
 */
export const tagOf = (version) => /-([a-z]+)/.exec(version)?.[1] ?? "latest";

/**
 * @param {object} options
 * @param {string} options.folder where the tarballs go, and whose `.npmrc` npm reads
 * @param {string} [options.tag] default: as the version asks for
 * @param {readonly string[]} [options.flags] of `npm publish`
 * @returns {Promise<string[]>} what was published, as NAME@VERSION
 */
export async function publishAll({ folder, tag, flags = [] }) {
  const tarballs = packAll(folder);
  /** @type {string[]} */
  const published = [];
  for (const { name, manifest } of publishedPackages()) {
    const release = `${name}@${manifest.version}`;
    // A run that stopped half way is run again.
    const known = await npm(["view", release, "version"], folder);
    if (known.ok && known.output.trim() !== "") continue;
    const args = ["publish", "--access", "public", "--tag", tag ?? tagOf(manifest.version)];
    const { ok, output } = await npm([...args, ...flags, tarballs.get(name) ?? ""], folder);
    if (!ok) throw new Error(`${release} was not published:\n${output}`);
    published.push(release);
  }
  return published;
}

/**
 * @param {string[]} args
 * @param {string} cwd
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
function npm(args, cwd) {
  return new Promise((resolve) => {
    execFile("npm", args, { cwd }, (error, stdout, stderr) => {
      resolve({ ok: error === null, output: error === null ? stdout : stdout + stderr });
    });
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const folder = mkdtempSync(join(tmpdir(), "exactly-once-release-"));
  try {
    const flags = process.argv.includes("--dry-run") ? ["--dry-run"] : [];
    // Only a build that a host can vouch for has a provenance.
    if (process.env["GITHUB_ACTIONS"] === "true") flags.push("--provenance");
    for (const release of await publishAll({ folder, flags })) console.log(release);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
