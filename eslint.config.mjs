import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";
import { clockBan } from "./scripts/eslint/clock-ban.mjs";
import { folders } from "./scripts/eslint/folders.mjs";
import { functionLength } from "./scripts/eslint/function-length.mjs";
import { importWalls } from "./scripts/eslint/import-walls.mjs";

export default defineConfig(
  globalIgnores([
    "**/dist/",
    "**/coverage/",
    "docs/api/",
    "docs/public/",
    "docs/.vitepress/cache/",
    "docs/.snippets/",
    "reports/",
    "**/node_modules/",
  ]),
  js.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-deprecated": "error",
      "@typescript-eslint/no-floating-promises": "error",
      // A stored fault is thrown as it was caught.
      "@typescript-eslint/only-throw-error": ["error", { allowThrowingUnknown: true }],
      "@typescript-eslint/return-await": ["error", "in-try-catch"],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", ignoreRestSiblings: true },
      ],
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      // An implementation of an asynchronous port needn't await anything.
      "@typescript-eslint/require-await": "off",
      // Objects come from factories; their methods don't use "this".
      "@typescript-eslint/unbound-method": "off",
      eqeqeq: "error",
    },
  },
  {
    files: ["**/*.mjs"],
    rules: {
      // The compiler checks these, too.
      "no-undef": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
    },
  },
  importWalls,
  folders,
  clockBan,
  functionLength,
);
