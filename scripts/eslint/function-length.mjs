import { tests } from "./import-walls.mjs";

/**
 * A function of a product fits on a screen.
 *
 * @type {import("eslint").Linter.Config}
 */
export const functionLength = {
  name: "function-length",
  files: ["packages/*/src/**/*.ts"],
  ignores: [`**/${tests}`, "packages/*/src/testing/**"],
  rules: {
    "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
  },
};
