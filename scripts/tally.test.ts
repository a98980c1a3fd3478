import { expect, test } from "vitest";
import { tally } from "./tally.mjs";

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((test) => ({ status: test })),
});

test("counts tests", () => {
  const report = {
    numPassedTests: 2,
    numFailedTests: 1,
    testResults: [file("failed", "passed", "failed"), file("passed", "passed")],
  };
  expect(tally(report, 1)).toEqual({ passed: 2, failed: 1 });
});

test("a file that doesn't load is a failure", () => {
  const report = {
    numPassedTests: 1,
    numFailedTests: 0,
    testResults: [file("failed"), file("passed", "passed")],
  };
  expect(tally(report, 1)).toEqual({ passed: 1, failed: 1 });
});

test("a run that fails beside its tests, or is killed, is a failure", () => {
  const report = {
    numPassedTests: 1,
    numFailedTests: 0,
    testResults: [file("passed", "passed")],
  };
  expect(tally(report, 1).failed).toBe(1);
  expect(tally(report, null).failed).toBe(1);
  expect(tally(report, 0).failed).toBe(0);
});
