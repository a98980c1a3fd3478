import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import { fateOf, type HuntReport } from "./hunt.js";
import { MUTANTS } from "./list.js";
import type { Mutant } from "./mutant.js";

const ROOT = new URL("../../../", import.meta.url);
const REGENERATE = "Make the list anew: pnpm simulate --mutants --json simulation/mutants.json";
const WORKERS = Math.min(2, availableParallelism());
const KILLS = JSON.parse(
  readFileSync(new URL("simulation/mutants.json", ROOT), "utf8"),
) as HuntReport;

describe("simulation: mutants", () => {
  it("has a seed that kills each", () => {
    expect(KILLS.mutants.filter(({ killedBy }) => !killedBy).map(({ name }) => name)).toEqual([]);
    expect(KILLS.mutants.map(({ name }) => name)).toEqual(MUTANTS.map(({ name }) => name));
  });

  it.each(KILLS.mutants)(
    "$name is killed",
    async ({ name, killedBy }) => {
      const mutant = MUTANTS.find((known) => known.name === name);
      if (!mutant) throw new Error(`${name} isn't planted any more: ${REGENERATE}`);
      const fate = await fateOf(mutant, killedBy?.seed ?? 1, WORKERS);
      if (fate.end === "moved") {
        console.error(
          `THE SEED THAT KILLS ${name} MOVED: ${killedBy?.seed} doesn't any more, ${fate.seed} does. ${REGENERATE}`,
        );
      }
      expect(fate.end, `no seed up to ${mutant.within} finds: ${mutant.bug}`).not.toBe("survived");
    },
    300_000,
  );
});

describe("simulation: the hunt", () => {
  const known = MUTANTS.find(({ name }) => name === "begin-ignores-unknown") as Mutant;

  it("finds another seed where the recorded one doesn't kill", async () => {
    const unkilled = await fateOf({ ...known, within: 200 }, 201, 1);
    expect(unkilled.end).toBe("moved");
  }, 60_000);

  it("says so where nothing breaks a promise", async () => {
    expect(await fateOf({ ...known, patches: [], within: 20 }, 1, 1)).toEqual({ end: "survived" });
  }, 60_000);
});
