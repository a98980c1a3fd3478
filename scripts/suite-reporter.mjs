import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { root } from "./packages.mjs";

/** @typedef {import("./tally.mjs").Summary} Summary */
/** @typedef {import("vitest/node").TestModule} TestModule */

/** Where the reporter writes its summary. */
export const SUMMARY_FILE = "EXACTLY_ONCE_TEST_SUMMARY";
const PROGRESS_EVERY_MS = 10_000;

/**
 * A reporter beside vitest's own: says now and then how far the run is, and writes what the command
 * says at its end.
 */
export default class SuiteReporter {
  #total = 0;
  #done = 0;
  #startedAt = 0;
  #saidAt = 0;
  #filtered = false;

  /** @param {import("vitest/node").Vitest} vitest */
  onInit(vitest) {
    this.#filtered = vitest.config.testNamePattern !== undefined;
  }

  /** @param {readonly unknown[]} specifications */
  onTestRunStart(specifications) {
    this.#total = specifications.length;
    this.#startedAt = this.#saidAt = performance.now();
  }

  onTestModuleEnd() {
    this.#done += 1;
    const now = performance.now();
    if (process.stdout.isTTY || now - this.#saidAt < PROGRESS_EVERY_MS) return;
    this.#saidAt = now;
    const seconds = Math.round((now - this.#startedAt) / 1_000);
    console.log(` … ${this.#done} of ${this.#total} files in ${seconds} s`);
  }

  /** @param {readonly TestModule[]} modules */
  onTestRunEnd(modules) {
    const file = process.env[SUMMARY_FILE];
    if (file === undefined) return;
    /** @type {Summary} */
    const summary = { files: modules.map((module) => this.#summarise(module)) };
    writeFileSync(file, JSON.stringify(summary));
  }

  /**
   * @param {TestModule} module
   * @returns {Summary["files"][number]}
   */
  #summarise(module) {
    const { collectDuration, setupDuration, duration } = module.diagnostic();
    const file = {
      path: relative(root, module.moduleId),
      ok: module.ok(),
      seconds: (collectDuration + setupDuration + duration) / 1_000,
      passed: 0,
      /** @type {string[]} */
      failures: [],
      /** @type {(string | null)[]} */
      skipped: [],
    };
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === "passed") file.passed += 1;
      if (result.state === "failed") file.failures.push(test.fullName);
      if (result.state !== "skipped") continue;
      // A name that was asked for skips all others, for a reason that the user knows.
      if (result.note !== undefined || !this.#filtered) file.skipped.push(result.note ?? null);
    }
    return file;
  }
}
