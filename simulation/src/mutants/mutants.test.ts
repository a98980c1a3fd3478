import { describe, expect, it } from "vitest";
import { fateOf } from "./hunt.js";
import { KILLS, REGENERATE } from "./kills.fixture.js";
import { MUTANTS } from "./list.js";
import type { Mutant } from "./mutant.js";

// `mutants.proof.ts` runs each against the seed that kills it.
describe("simulation: mutants", () => {
  it("has a seed that kills each", () => {
    expect(KILLS.mutants.filter(({ killedBy }) => !killedBy).map(({ name }) => name)).toEqual([]);
    const listed = KILLS.mutants.map(({ name }) => name);
    expect(listed, REGENERATE).toEqual(MUTANTS.map(({ name }) => name));
  });
});

describe("simulation: the hunt", () => {
  const known = MUTANTS.find(({ name }) => name === "begin-ignores-unknown") as Mutant;

  it("finds another seed where the recorded one doesn't kill", async () => {
    expect(await fateOf({ ...known, within: 100 }, 101, 1)).toMatchObject({ end: "moved" });
  });

  it("says so where nothing breaks a promise", async () => {
    expect(await fateOf({ ...known, patches: [], within: 20 }, 1, 1)).toEqual({ end: "survived" });
  });
});
