import { describe, expect, it } from "vitest";
import { parseOptions } from "./options.js";

const parse = (...args: string[]) => parseOptions(args, "/home/ann");

describe("the demo's options", () => {
  it("have defaults, and files are where the user is", () => {
    expect(parse("--json", "figures.json")).toMatchObject({
      seed: 1,
      seeds: 1,
      users: 3_000,
      json: "/home/ann/figures.json",
      report: "/home/ann/demo-report.html",
    });
  });

  it("say nothing more where help is asked for", () => {
    expect(parse("--help", "--seed", "2")).toBeUndefined();
  });

  it.each([
    [["--sed", "1"], /--sed/],
    [["--seed"], /--seed/],
    [["--seed", "one"], /--seed must be a whole number/],
    [["--seed=-1"], /--seed must be a whole number from 0/],
    [["--users", "3"], /--users must be a whole number from 60 /],
    [["--users", "1e4"], /--users/],
    [["--json", ""], /--json needs a path/],
    [["more"], /more/],
    [["--seeds", "3", "--report", "r.html"], /--report/],
  ])("that can't be used are told in one line: %j", (args, message) => {
    expect(() => parse(...args)).toThrow(message);
    expect(() => parse(...args)).toThrow(/^[^\n]+$/);
  });
});
