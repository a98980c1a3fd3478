import { describe, expect, it } from "vitest";
import { sources } from "../scripts.js";
import { scriptMutants, withMutant } from "./script-mutants.js";

describe("a bug planted in a script", () => {
  it.each(scriptMutants.map((mutant) => [mutant.breaks, mutant] as const))(
    "applies exactly once: %s",
    (_breaks, mutant) => {
      expect(withMutant(sources, mutant)).not.toEqual(sources);
    },
  );

  it("is of one function, however that is written", () => {
    const item = [
      "local function one() return a end",
      "local function two()",
      "  if b then -- why",
      "    for i = 1, 2 do  return   a  end",
      "  end",
      "  return c",
      "end",
      "return c",
    ].join("\n");
    const plant = (within: string | undefined, from: string) =>
      withMutant(
        { ...sources, item },
        { breaks: "", script: "item", ...(within && { within }), from, to: "X" },
      ).item;
    expect(plant("two", "return a")).toContain("do   X   end");
    expect(plant("two", "return c")).toContain(" X \nend");
    expect(() => plant("one", "return c")).toThrow("fits 0 times");
    expect(() => plant(undefined, "return c")).toThrow("fits 2 times");
    expect(() => plant("two", "if b then return")).toThrow("fits 0 times");
  });
});
