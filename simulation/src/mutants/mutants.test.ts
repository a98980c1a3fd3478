import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyPatch, bundle } from "../bundle.js";
import type { HuntReport } from "./hunt.js";
import { MUTANTS } from "./list.js";
import { runOnce } from "./run-once.js";

const ROOT = new URL("../../../", import.meta.url);
/** Made by `pnpm simulate --mutants --json simulation/mutants.json`. */
const KILLS = JSON.parse(
  readFileSync(new URL("simulation/mutants.json", ROOT), "utf8"),
) as HuntReport;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mutants-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("simulation: mutants", () => {
  it("has a seed that kills each", () => {
    expect(KILLS.mutants.filter(({ killedBy }) => !killedBy).map(({ name }) => name)).toEqual([]);
    expect(KILLS.mutants.map(({ name }) => name)).toEqual(MUTANTS.map(({ name }) => name));
  });

  it.each(MUTANTS)("$name still applies", ({ patches }) => {
    const files = new Map<string, string>();
    for (const patch of patches) {
      const source = files.get(patch.file) ?? readFileSync(new URL(patch.file, ROOT), "utf8");
      files.set(patch.file, applyPatch(source, patch));
    }
    expect(files.size).toBeGreaterThan(0);
  });

  it.each(KILLS.mutants)(
    "$name is killed by its seed",
    async ({ name, within, killedBy }) => {
      const mutant = MUTANTS.find((known) => known.name === name);
      const file = join(folder, `${name}.mjs`);
      await bundle("worker.ts", file, mutant?.patches ?? []);
      const seed = killedBy?.seed ?? 0;
      const { failures } = await runOnce(file, { first: seed, count: 1, repeatEvery: 0 });
      expect(failures).toHaveLength(1);
      expect(seed).toBeLessThanOrEqual(within);
    },
    60_000,
  );
});
