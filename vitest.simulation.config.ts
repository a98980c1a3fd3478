import { defineConfig, mergeConfig } from "vitest/config";
import base from "./vitest.config.js";

const { plugins, resolve, ssr } = base;

/** What the simulator alone executes of core: `pnpm simulate:coverage`. */
export default mergeConfig(
  { plugins, resolve, ssr },
  defineConfig({
    test: {
      include: ["simulation/src/covered-seeds.ts"],
      testTimeout: 600_000,
      coverage: {
        provider: "v8",
        include: ["packages/core/src/**/*.ts"],
        // The conformance suites and virtual clock are for tests of stores, queues and senders.
        exclude: ["**/*.{test,proof,fixture}.ts", "packages/core/src/testing/**"],
        reporter: ["text", "json-summary"],
        reportsDirectory: "coverage/simulation",
      },
    },
  }),
);
