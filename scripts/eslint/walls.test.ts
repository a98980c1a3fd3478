import { ESLint } from "eslint";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import tseslint from "typescript-eslint";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Without the rules that need types: making a program of the package takes most of the time. */
const eslint = new ESLint({ cwd: root, overrideConfig: [tseslint.configs.disableTypeChecked] });

// One breach of each wall; `walls.proof.ts` has all, linted as the sources are.
test.each([
  ["packages/core/src/index.ts", `import { Redis } from "ioredis";`, "no-restricted-imports"],
  ["packages/core/src/index.ts", `await import("ioredis");`, "no-restricted-syntax"],
  ["packages/core/src/index.ts", `import "vitest";`, "no-restricted-imports"],
  [
    "packages/sqs-adapter/src/index.ts",
    `import "@exactly-once/redis-store";`,
    "no-restricted-imports",
  ],
  [
    "examples/formr-notifications/src/main.ts",
    `import "../../../packages/core/src/index.js";`,
    "no-restricted-imports",
  ],
  [
    "simulation/src/checker/check.ts",
    `import { json } from "@exactly-once/core";`,
    "no-restricted-imports",
  ],
  ["packages/core/src/index.ts", `setTimeout(() => undefined, 1);`, "no-restricted-globals"],
  ["packages/core/src/index.ts", `export const c1 = Math.random();`, "no-restricted-properties"],
  [
    "packages/core/src/index.ts",
    `import { randomUUID } from "node:crypto";`,
    "no-restricted-imports",
  ],
])("%s refuses %s", async (file, line, rule) => {
  const [result] = await eslint.lintText(`${line}\n`, { filePath: `${root}/${file}` });
  expect(result?.messages.map(({ ruleId }) => ruleId)).toContain(rule);
});

test("a product's function has at most 70 lines, comments aside", async () => {
  const filePath = `${root}/packages/core/src/message/new.ts`;
  const lines = (count: number): string =>
    `export function long(): void {\n${"  work();\n".repeat(count - 2)}  // Why.\n}\n`;
  const [short] = await eslint.lintText(lines(70), { filePath });
  const [long] = await eslint.lintText(lines(71), { filePath });
  expect(short?.messages.map(({ ruleId }) => ruleId)).not.toContain("max-lines-per-function");
  expect(long?.messages.map(({ ruleId }) => ruleId)).toContain("max-lines-per-function");
});
