import { describe, expect, it } from "vitest";
import { tally } from "./counting.js";
import { table, type Outcome } from "./table.js";
import { passed, verdict } from "./verdict.js";

const expected = ["A", "B"].map((identity) => ({ id: identity, to: "ann", subject: "", identity }));
const email = (identity: string, atMs: number) => ({ to: "ann", identity, atMs });
const quiet = { firstAlarmSeconds: null, deadLettered: 0, held: 0 };
const right = tally(expected, [email("A", 0), email("B", 1)], quiet);
const wrong = tally(expected, [email("A", 0), email("A", 59_900), email("B", 1)], quiet);

/** The widest that a replay of any length could say. */
const long = { firstAlarmSeconds: 3_599, deadLettered: 1_000, held: 1_000 };
const widestOutcome: Outcome = {
  naive: tally(expected, [email("A", 0), email("A", 359_900)], long),
  ours: tally(expected, [email("A", 0), email("A", 359_900)], long),
};

const outcome: Outcome = { naive: wrong, ours: right };

describe("the demo's table", () => {
  it("fits into 80 columns", () => {
    const lines = table(widestOutcome, false).split("\n");
    const widest = Math.max(...lines.map((line) => line.length));
    expect(widest).toBeLessThanOrEqual(80);
  });

  it("bears colours only where they were asked for", () => {
    expect(table(outcome, false)).not.toContain("\u001b");
    expect(table(outcome, true)).toContain("\u001b[31m1\u001b[39m");
  });
});

describe("the verdict", () => {
  it("is good only if ours sent each once and the naive service didn't", () => {
    expect(passed({ naive: wrong, ours: right })).toBe(true);
    expect(passed({ naive: right, ours: right })).toBe(false);
    expect(passed({ naive: wrong, ours: wrong })).toBe(false);
  });

  it("says what went wrong", () => {
    expect(verdict(outcome)).toBe(
      "The naive service sent 1 doctor the same notification more than once (up to 2 times). " +
        "Ours sent each of 2 emails exactly once.",
    );
  });
});
