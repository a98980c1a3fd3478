import { expect, test } from "vitest";
import { lastLines, tally, type FileSummary } from "./tally.mjs";

const file = (summary: Partial<FileSummary>): FileSummary => ({
  ...{ path: "a.test.ts", ok: true, seconds: 1, passed: 1, failures: [], skipped: [] },
  ...summary,
});

test("counts tests", () => {
  const files = [file({ ok: false, failures: ["breaks"] }), file({ passed: 3 })];
  expect(tally({ files }, 1)).toEqual({ passed: 4, failed: 1 });
});

test("a file that doesn't load is a failure", () => {
  const files = [file({ ok: false, passed: 0 }), file({})];
  expect(tally({ files }, 1)).toEqual({ passed: 1, failed: 1 });
});

test("a run that fails beside its tests, or is killed, is a failure", () => {
  const files = [file({})];
  expect(tally({ files }, 1).failed).toBe(1);
  expect(tally({ files }, null).failed).toBe(1);
  expect(tally({ files }, 0).failed).toBe(0);
});

test("ends with the ten slowest files", () => {
  const files = Array.from({ length: 12 }, (_, index) =>
    file({ path: `${index}.test.ts`, seconds: index }),
  );
  const lines = lastLines({ files });
  expect(lines).toHaveLength(11);
  expect(lines[1]).toMatch(/11\.0 s {2}11\.test\.ts/);
  expect(lines.at(-1)).toContain("2.test.ts");
});

test("says what was skipped, and why", () => {
  const why = "spin is missing: apt-get install spin gcc";
  const lines = lastLines({ files: [file({ skipped: [why, why, null] })] });
  expect(lines).toEqual([
    "Skipped:",
    expect.stringMatching(`2 +a.test.ts: ${why}`),
    expect.stringMatching(/1 +a.test.ts: no reason given/),
  ]);
});
