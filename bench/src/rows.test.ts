import { format } from "prettier";
import { describe, expect, it } from "vitest";
import { median, mergeRows, percentile, ratio, summarize, table, toMarkdown } from "./rows.js";

const name = { suite: "throughput", case: "trivial", contender: "ours" };

describe("median", () => {
  it("is the middle of an odd number of values, in whatever order they came", () => {
    expect(median([9, 1, 5])).toBe(5);
  });

  it("is the mean of the two in the middle of an even number", () => {
    expect(median([4, 1, 3, 100])).toBe(3.5);
  });

  it("isn't moved by one wild run of five", () => {
    expect(median([10, 11, 12, 13, 10_000])).toBe(12);
  });
});

describe("percentile", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it("is the value that so many don't exceed", () => {
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile(hundred, 1)).toBe(100);
  });

  it("of a single value is that value", () => {
    expect(percentile([7], 0.01)).toBe(7);
  });
});

describe("a row", () => {
  it("keeps the extremes and the number of runs, to four figures", () => {
    expect(summarize(name, "messages per second", "1/s", [1234.567, 1000, 2000])).toEqual({
      ...name,
      metric: "messages per second",
      unit: "1/s",
      median: 1235,
      min: 1000,
      max: 2000,
      runs: 3,
    });
  });

  it("of one contender is compared with another's by their medians", () => {
    const rows = [
      summarize(name, "rate", "1/s", [300, 400, 500]),
      summarize({ ...name, contender: "theirs" }, "rate", "1/s", [100, 200, 900]),
    ];
    expect(ratio(rows, "rate", "ours", "theirs")).toBe(2);
    expect(ratio(rows, "rate", "ours", "nobody")).toBeUndefined();
  });

  it("stands in its suite's table", () => {
    const text = toMarkdown([
      summarize(name, "rate", "1/s", [1]),
      summarize({ ...name, suite: "idle" }, "requests", "1", [2]),
    ]);
    expect(text).toContain("### throughput\n\n| case ");
    expect(text).toContain("| trivial | ours      | requests | 1    |      2 |   2 |   2 |    1 |");
  });
});

describe("a table", () => {
  it("is what the formatter would make of it", async () => {
    const text = table(["name", "n", "runs"], [["a longer one", "µs", "12345"]]);
    expect(`${text}\n`).toBe(await format(text, { parser: "markdown" }));
  });
});

describe("rows measured again", () => {
  const at = (suite: string, of: string, value: number) =>
    summarize({ suite, case: of, contender: "ours" }, "rate", "1/s", [value]);
  const names = (rows: ReturnType<typeof mergeRows>): readonly string[] =>
    rows.map((row) => `${row.suite} ${row.case} ${row.median}`);

  it("take the place of the old ones, and new cases come after those of their suite", () => {
    const earlier = [at("idle", "a", 1), at("idle", "b", 2), at("skew", "a", 3)];
    expect(names(mergeRows(earlier, [at("idle", "c", 9), at("idle", "a", 8)]))).toEqual([
      "idle a 8",
      "idle b 2",
      "idle c 9",
      "skew a 3",
    ]);
  });

  it("replace a case as a whole: a contender that no longer takes part is gone", () => {
    const theirs = summarize({ ...name, contender: "theirs" }, "rate", "1/s", [1]);
    const ours = summarize(name, "rate", "1/s", [2]);
    expect(mergeRows([theirs, ours], [ours])).toEqual([ours]);
  });

  it("say under their suite's name on which days they were measured", () => {
    const dated = (date: string) => ({ ...summarize(name, "rate", "1/s", [1]), date });
    expect(toMarkdown([dated("2026-11-24")])).toContain("Measured 2026-11-24.");
    expect(toMarkdown([dated("2026-11-25"), dated("2026-11-24")])).toContain(
      "Measured 2026-11-24 to 2026-11-25.",
    );
  });
});
