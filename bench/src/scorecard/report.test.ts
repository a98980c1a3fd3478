import { describe, expect, it } from "vitest";
import { drawScorecard } from "./picture.js";
import { intoPage, merge, toCircumstances, toSummary, wentWrong, type ScoreRow } from "./report.js";

const fine = { events: 1_000, sentTwice: 0, neverSent: 0, outOfOrder: 0, stuck: 0, held: 0 };
const run = { date: "2026-11-24", seed: 1, seconds: 9, node: "v20.20.2", packages: [] };

const rows: readonly ScoreRow[] = [
  { ...fine, contender: "ours", fault: "none", run },
  { ...fine, contender: "sqs-consumer", fault: "none", run },
  { ...fine, contender: "ours", fault: "delete failed", held: 7, run },
  {
    ...fine,
    contender: "sqs-consumer",
    fault: "delete failed",
    sentTwice: 1_227,
    stuck: 3,
    run: { ...run, date: "2026-11-26", packages: ["sqs-consumer 14.2.8"] },
  },
];

describe("the scorecard", () => {
  it("counts what was sent twice, never, late or is stuck as wrong, and what is held not", () => {
    expect(
      wentWrong({ ...fine, sentTwice: 1, neverSent: 20, outOfOrder: 300, stuck: 4_000, held: 9 }),
    ).toBe(4_321);
  });

  it("takes a newer row for an older one, in the order of faults and contenders", () => {
    const newer = { ...fine, contender: "ours", fault: "none", stuck: 5 };
    const merged = merge([...rows].reverse(), [newer]);
    expect(merged.map(({ fault, contender, stuck }) => [fault, contender, stuck])).toEqual([
      ["none", "ours", 5],
      ["none", "sqs-consumer", 0],
      ["delete failed", "ours", 0],
      ["delete failed", "sqs-consumer", 3],
    ]);
  });

  it("sums up each contender over all faults", () => {
    const [, , ours, theirs] = toSummary(rows).split("\n").map(cellsOf);
    expect(ours).toEqual(["ours", "2,000", "0", "0", "0", "0", "7"]);
    expect(theirs).toEqual(["sqs-consumer", "2,000", "1,227", "0", "0", "3", "0"]);
  });

  it("says when and with what it was measured", () => {
    expect(toCircumstances(rows)).toBe(
      "1,000 events for each of 2 faults, seed 1, 2026-11-24 to 2026-11-26, Node v20.20.2, sqs-consumer 14.2.8",
    );
  });
});

describe("a page with the summary", () => {
  const page =
    "a\n<!-- scorecard: written by `pnpm scorecard --readme` -->\nold\n<!-- /scorecard -->\nz";

  it("keeps what stands around it, however often it is written", () => {
    const once = intoPage(page, rows);
    expect(once).not.toContain("old");
    expect(once).toContain("1,227");
    expect(once.startsWith("a\n<!--") && once.endsWith("-->\nz")).toBe(true);
    expect(intoPage(once, rows)).toBe(once);
  });

  it("must have a place for it", () => {
    expect(() => intoPage("# Title", rows)).toThrow("<!-- /scorecard -->");
  });
});

describe("the picture", () => {
  it("shows each figure, and tells the sums to those who can't see it", () => {
    const svg = drawScorecard(rows);
    const label = "Events that went wrong under each fault; in all: ours 0, sqs-consumer 1230";
    expect(svg).toContain(`aria-label="${label}"`);
    expect(svg).toMatch(/>1230<\/text>/);
    expect(svg).toMatch(/>7 held<\/text>/);
  });

  it("is the same each time, so that a file changes only when figures do", () => {
    expect(drawScorecard(rows)).toBe(drawScorecard(rows));
  });
});

function cellsOf(line: string): readonly string[] {
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}
