import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundledBytes, ownBytes } from "./bundle.js";
import { importMs } from "./import-time.js";
import { nameOfTarball, type Installed } from "./install.js";

let at: Installed;

/** Text that no compression makes small. */
const noise = (length: number): string =>
  JSON.stringify(Array.from({ length }, (_, i) => Math.sin(i)).join());

async function addPackage(name: string, code: string): Promise<void> {
  const folder = join(at.folder, "node_modules", name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ name, main: "index.js" }));
  await writeFile(join(folder, "index.js"), code);
}

beforeAll(async () => {
  at = { folder: await mkdtemp(join(tmpdir(), "footprint-test-")), bytes: 0, packages: 0 };
  await addPackage(
    "lib",
    'const dep = require("dep"); require("ioredis"); module.exports = { dep };',
  );
  await addPackage("dep", `module.exports = ${noise(1_000)};`);
  await addPackage("ioredis", `module.exports = ${noise(10_000)};`);
});
afterAll(() => rm(at.folder, { recursive: true, force: true }));

describe("the size of a package", () => {
  it("is its own code and that of its dependencies, but not what a service brings", async () => {
    const own = await ownBytes(at, ["lib"]);
    const bundled = await bundledBytes(at, ["lib"]);
    const dependency = await ownBytes(at, ["dep"]);
    expect(own).toBeLessThan(1_000);
    expect(dependency).toBeGreaterThan(5_000);
    expect(bundled).toBeGreaterThan(dependency);
    expect(bundled).toBeLessThan(dependency + 1_000);
  });
});

describe("the import time", () => {
  it("is told for both module systems", async () => {
    for (const system of ["ESM", "CommonJS"] as const) {
      expect(await importMs(at, ["lib"], system)).toBeGreaterThan(0);
    }
  });

  it("isn't told of a package that fails to load", async () => {
    await expect(importMs(at, ["no-such-package"], "ESM")).rejects.toThrow();
  });
});

it("knows our packages by their tarballs", () => {
  expect(nameOfTarball("exactly-once-redis-store-0.12.3.tgz")).toBe("@exactly-once/redis-store");
});
