/**
 * What `suite-reporter.mjs` writes about a run.
 *
 * @typedef {{
 *   path: string,
 *   ok: boolean,
 *   seconds: number,
 *   passed: number,
 *   failures: readonly string[],
 *   skipped: readonly (string | null)[],
 * }} FileSummary `failures`: names of tests; `skipped`: for each skipped test its reason, null where it names none
 *
 * @typedef {{ files: readonly FileSummary[] }} Summary
 */

const SLOWEST = 10;

/**
 * Counts a test run. A file that fails without a failing test (it didn't load, or a hook threw), and
 * a run that fails for any other reason (an unhandled rejection), count as failures, too.
 *
 * @param {Summary} summary
 * @param {number | null} exitStatus of vitest; null when a signal ended it
 */
export function tally({ files }, exitStatus) {
  const broken = files.filter((file) => !file.ok && file.failures.length === 0).length;
  const failed = broken + files.reduce((sum, file) => sum + file.failures.length, 0);
  return {
    passed: files.reduce((sum, file) => sum + file.passed, 0),
    failed: exitStatus === 0 ? failed : Math.max(failed, 1),
  };
}

/**
 * What a run says before its tally: the slowest files, and what was skipped, with the reasons that
 * the tests gave.
 *
 * @param {Summary} summary
 * @returns {string[]}
 */
export function lastLines({ files }) {
  const lines = [];
  if (files.length > 1) {
    lines.push("Slowest files:");
    const slowest = files.toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
    for (const { path, seconds } of slowest)
      lines.push(`${seconds.toFixed(1).padStart(7)} s  ${path}`);
  }
  const skipped = files.filter((file) => file.skipped.length > 0);
  if (skipped.length > 0) lines.push("Skipped:");
  for (const { path, skipped: notes } of skipped) {
    for (const note of new Set(notes)) {
      const count = notes.filter((other) => other === note).length;
      lines.push(`${String(count).padStart(7)}    ${path}: ${note ?? "no reason given"}`);
    }
  }
  return lines;
}
