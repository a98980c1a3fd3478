import { tests } from "./import-walls.mjs";

/** Longer than a screen; to be split into parts with names. */
const toBeSplit = [
  "core/src/memory-store/memory-store",
  "core/src/user-cache/packed-users",
  "core/src/user-cache/refresher",
  "core/src/user-cache/user-cache",
  "redis-store/src/store",
  "redis-store/src/transport/command-pipelines",
  "redis-store/src/user-snapshot",
].map((file) => `packages/${file}.ts`);

/**
 * A function of a product fits on a screen.
 *
 * @type {import("eslint").Linter.Config}
 */
export const functionLength = {
  name: "function-length",
  files: ["packages/*/src/**/*.ts"],
  ignores: [`**/${tests}`, "packages/*/src/testing/**", ...toBeSplit],
  rules: {
    "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
  },
};
