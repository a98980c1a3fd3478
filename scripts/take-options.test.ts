import { expect, test } from "vitest";
import { takeOptions } from "./take-options.mjs";

test("takes a command's own options and leaves the others", () => {
  const args = [
    "--busy",
    "packages/core",
    "--times",
    "3",
    "-t",
    "a name",
    "--json=x=y.json",
    "--run",
  ];
  expect(takeOptions(args, { busy: "flag", times: "value", json: "value" })).toEqual({
    options: { busy: "", times: "3", json: "x=y.json" },
    rest: ["packages/core", "-t", "a name", "--run"],
  });
});
