import { ESLint } from "eslint";
import { fileURLToPath } from "node:url";
import tseslint from "typescript-eslint";
import { expect, test } from "vitest";
import { folders } from "./folders.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** These walls alone, which need no types. */
const eslint = new ESLint({
  cwd: root,
  overrideConfigFile: true,
  overrideConfig: [{ ...tseslint.configs.base, files: ["**/*.ts"] }, ...folders],
});

async function messages(file: string, text: string): Promise<readonly string[]> {
  const [result] = await eslint.lintText(text, { filePath: `${root}/${file}` });
  return (result?.messages ?? []).map(({ message }) => message);
}

test.each([
  `import { systemClock } from "../timing/system-clock.js";`,
  `import type { Clock } from "../timing/system-clock.js";`,
  `export * from "../timing/system-clock.js";`,
  `export { systemClock } from "../timing/system-clock.js";`,
  `await import("../timing/system-clock.js");`,
  `type Clock = typeof import("../timing/system-clock.js");`,
])("a folder uses those before it only: %s", async (line) => {
  expect(await messages("packages/core/src/ports/randomness.ts", line)).toContain(
    "ports comes before timing, and may not use it.",
  );
  expect(await messages("packages/core/src/record/new.ts", line)).toEqual([]);
  expect(await messages("packages/core/src/ports/new.test.ts", line)).toEqual([]);
});

test("the list is each package's own", async () => {
  const line = `import "../run/basis.js";`;
  expect(await messages("simulation/src/worlds/sqs.ts", line)).toContain(
    "worlds comes before run, and may not use it.",
  );
});

test("a new folder has to be given its place", async () => {
  expect(await messages("packages/core/src/helpers/new.ts", "")).toEqual([
    "Give helpers its place in scripts/eslint/folders.mjs.",
  ]);
});

test.each([
  `import { systemClock } from "./index.js";`,
  `import type { Clock } from "./index.js";`,
  `export type * from "./index.js";`,
  `type Clock = import("./index.js").Clock;`,
])("no file leads back to itself: %s", async (line) => {
  expect(await messages("packages/core/src/ports/clock.ts", line)).toEqual([
    "This leads back here: index.ts → clock.ts",
  ]);
  expect(
    await messages("packages/core/src/timing/new.ts", line.replace("./", "../ports/")),
  ).toEqual([]);
});

test.each([
  `import { fullJitter } from "../timing/backoff.js";`,
  `import { retryDelay } from "../message/back-off.js";`,
  `import type { BackOff } from "../pipeline/retry.js";`,
  `export * from "../message/back-off.js";`,
  `await import("../message/back-off.js");`,
])("a host decides nothing about a message: %s", async (line) => {
  const refusal =
    "A host carries out what message/conclude decides: delays and tries are decided there.";
  for (const host of ["consumer/concluder", "consumer/new", "batch/batch-concluder"]) {
    expect(await messages(`packages/core/src/${host}.ts`, line)).toContain(refusal);
  }
  for (const other of ["consumer/poller", "message/new"]) {
    expect(await messages(`packages/core/src/${other}.ts`, line)).not.toContain(refusal);
  }
});
