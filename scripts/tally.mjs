/**
 * The part of vitest's JSON report that is read here.
 *
 * @typedef {{
 *   numPassedTests: number,
 *   numFailedTests: number,
 *   testResults: { status: string, assertionResults: { status: string }[] }[],
 * }} Report
 */

/**
 * Counts a test run. A file that fails without a failing test (it didn't load, or a hook threw), and
 * a run that fails for any other reason (an unhandled rejection), count as failures, too.
 *
 * @param {Report} report
 * @param {number | null} exitStatus of vitest; null when a signal ended it
 */
export function tally(report, exitStatus) {
  const brokenFiles = report.testResults.filter(
    (file) =>
      file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  ).length;
  const failed = report.numFailedTests + brokenFiles;
  return {
    passed: report.numPassedTests,
    failed: exitStatus === 0 ? failed : Math.max(failed, 1),
  };
}
