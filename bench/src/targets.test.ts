import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { summarize, type Row } from "./rows.js";
import { judgeTargets, TARGETS, targetsTable } from "./targets.js";

const trivial = { suite: "throughput", case: "standard, trivial handler, concurrency 100" };

function row(contender: string, metric: string, value: number): Row {
  return summarize({ ...trivial, contender }, metric, "1", [value]);
}

describe("a target", () => {
  it("of speed is judged by the factor between two contenders of the same case", () => {
    const judge = (ours: number) =>
      judgeTargets([
        row("ours", "messages per second", ours),
        row("sqs-consumer", "messages per second", 100),
        // Another case's row of the same contender, which has no say.
        { ...row("sqs-consumer", "messages per second", 1), case: "another" },
      ]);
    expect(judge(199)).toMatchObject([{ wanted: "≥ 2", measured: 1.99, met: false }]);
    expect(judge(200)).toMatchObject([{ measured: 2, met: true }]);
  });

  it("of cost is judged by our figure alone", () => {
    const judge = (requests: number) =>
      judgeTargets([row("ours", "SQS requests per message", requests)]);
    expect(judge(0.22)).toMatchObject([{ wanted: "≤ 0.22", met: true }]);
    expect(judge(0.23)).toMatchObject([{ met: false }]);
  });

  it("that nobody measured isn't met, nor missed", () => {
    expect(judgeTargets([])).toEqual([]);
    expect(judgeTargets([row("ours", "messages per second", 9)])).toEqual([]);
  });

  it("has one bound", () => {
    for (const { atLeast, atMost } of TARGETS) {
      expect((atLeast === undefined) !== (atMost === undefined)).toBe(true);
    }
  });

  it("names a row that its suite really measures", async () => {
    const file = new URL("../results/bench.json", import.meta.url);
    const rows = JSON.parse(await readFile(file, "utf8")) as readonly Row[];
    const measured = new Set(rows.map(({ suite }) => suite));
    const wanted = TARGETS.filter(({ suite }) => measured.has(suite));
    expect(wanted.length).toBeGreaterThan(0);
    expect(judgeTargets(rows)).toHaveLength(wanted.length);
  });

  it("that was missed says so in the table", () => {
    const text = targetsTable(judgeTargets([row("ours", "SQS requests per message", 0.5)]));
    expect(text).toMatch(/SQS requests per message \| ≤ 0.22 \| +0.5 \| no/);
  });
});
