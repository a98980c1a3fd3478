import { TestRunner } from "vitest";

/** How many times each test runs, where it isn't once. */
export const TIMES = "EXACTLY_ONCE_TEST_TIMES";

/** Runs each test as often as asked for, with its hooks: one that fails once in a hundred shows. */
export default class RepeatingRunner extends TestRunner {
  /**
   * @override
   * @param {Parameters<TestRunner["onBeforeRunTask"]>[0]} test
   */
  async onBeforeRunTask(test) {
    test.repeats = Number(process.env[TIMES] ?? 1) - 1;
    await super.onBeforeRunTask(test);
  }
}
