import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { root } from "./packages.mjs";
import { faultsOfContents } from "./tarball-contents.mjs";

const folder = mkdtempSync(join(tmpdir(), "exactly-once-contents-"));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function pack(files: Record<string, string>): string {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, "package", file)), { recursive: true });
    writeFileSync(join(folder, "package", file), text);
  }
  const tarball = join(folder, "package.tgz");
  execFileSync("tar", ["-czf", tarball, "-C", folder, "package"]);
  return tarball;
}

const page = { "package.json": "{}", "README.md": "", LICENSE: "", "CHANGELOG.md": "" };

test("a tarball holds the build and a package's own page", () => {
  expect(faultsOfContents(pack({ ...page, "dist/index.js": "" }))).toEqual([]);
});

test("a tarball may hold what an entry names, and nothing beside it", () => {
  const exports = { "./sql/*": "./sql/*", "./table.json": "./table.json" };
  const files = { "sql/1.sql": "", "table.json": "", "table.json.bak": "", "sqlite/1.sql": "" };
  expect(
    faultsOfContents(
      pack({ ...page, ...files, "package.json": JSON.stringify({ exports }) }),
    ).sort(),
  ).toEqual(["sqlite/1.sql is of no use to a user", "table.json.bak is of no use to a user"]);
});

test("what is missing, of no use, or tells of the builder is named", () => {
  const { LICENSE: _, ...withoutLicence } = page;
  const files = {
    ...withoutLicence,
    "src/index.ts": "",
    "dist/a.test.js": "",
    "dist/index.js.map": JSON.stringify({ sources: [`${root}packages/core/src/index.ts`] }),
  };

  expect(faultsOfContents(pack(files))).toEqual([
    "LICENSE is missing",
    "src/index.ts is of no use to a user",
    "dist/a.test.js is of no use to a user",
    "dist/index.js.map names a folder of the machine that built it",
  ]);
});
