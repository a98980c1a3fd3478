import { expect, it } from "vitest";
import { summarize, type Row } from "../rows.js";
import { compareRounds, comparisonTables } from "./compare.js";

const row = (metric: string, value: number, contender = "ours"): Row =>
  summarize({ suite: "pipeline", case: "1 in flight", contender }, metric, "µs", [value]);

it("compares within each round: a machine that slows down over the run moves no ratio", () => {
  const rounds = [100, 200, 400].map((slow) => ({
    now: [row("time", 11 * slow)],
    baseline: [row("time", 10 * slow)],
  }));
  expect(compareRounds(rounds)).toEqual([
    {
      suite: "pipeline",
      case: "1 in flight",
      contender: "ours",
      metric: "time",
      unit: "µs",
      now: 2_200,
      baseline: 2_000,
      ratio: 1.1,
      lowest: 1.1,
      highest: 1.1,
      rounds: 3,
    },
  ]);
});

it("tells the extremes, and one wild round doesn't move the ratio", () => {
  const rounds = [1, 1, 50].map((factor) => ({
    now: [row("time", factor)],
    baseline: [row("time", 1)],
  }));
  expect(compareRounds(rounds)).toMatchObject([{ ratio: 1, lowest: 1, highest: 50 }]);
});

it("leaves out what only one side measures, and takes nothing for nothing as equal", () => {
  const round = {
    now: [row("time", 3), row("new", 1), row("lost", 0), row("time", 8, "theirs")],
    baseline: [row("time", 2), row("old", 1), row("lost", 0), row("time", 4, "theirs")],
  };
  const compared = compareRounds([round]);
  expect(compared.map(({ contender, metric, ratio }) => [contender, metric, ratio])).toEqual([
    ["ours", "time", 1.5],
    ["ours", "lost", 1],
    ["theirs", "time", 2],
  ]);
  expect(comparisonTables(compared)).toContain(
    "| 1 in flight | ours      | time   | µs   |   3 |        2 |   1.5 |",
  );
  expect(compareRounds([])).toEqual([]);
});
