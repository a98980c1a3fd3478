import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import { fateOf } from "./hunt.js";
import { KILLS, REGENERATE } from "./kills.fixture.js";
import { MUTANTS } from "./list.js";

const WORKERS = Math.min(2, availableParallelism());

describe("simulation: mutants", () => {
  it.each(KILLS.mutants)("$name is killed", async ({ name, killedBy }) => {
    const mutant = MUTANTS.find((known) => known.name === name);
    if (!mutant) throw new Error(`${name} isn't planted any more: ${REGENERATE}`);
    const fate = await fateOf(mutant, killedBy?.seed ?? 1, WORKERS);
    if (fate.end === "moved") {
      console.error(
        `THE SEED THAT KILLS ${name} MOVED: ${killedBy?.seed} doesn't any more, ${fate.seed} does. ${REGENERATE}`,
      );
    }
    expect(fate.end, `no seed up to ${mutant.within} finds: ${mutant.bug}`).not.toBe("survived");
  });
});
