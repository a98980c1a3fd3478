import { ESLint, type Linter } from "eslint";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const eslint = new ESLint({ cwd: root });

/** Lints each line, as if it stood in the file, and tells the rules that each line broke. */
async function brokenRules(file: string, lines: readonly string[]) {
  const [result] = await eslint.lintText(lines.join("\n"), { filePath: `${root}/${file}` });
  const messages: Linter.LintMessage[] = result?.messages ?? [];
  return (line: string) =>
    messages.filter((found) => found.line === lines.indexOf(line) + 1).map((found) => found.ruleId);
}

/** Each line must break a wall in the file it is planted in. */
function breaches(file: string, lines: readonly string[], rule: RegExp) {
  describe(file, () => {
    let rulesOf: (line: string) => (string | null)[] = () => [];
    beforeAll(async () => {
      rulesOf = await brokenRules(file, lines);
    });

    test.each(lines)("refuses %s", (line) => {
      expect(rulesOf(line)).toContainEqual(expect.stringMatching(rule));
    });
  });
}

/** None of the lines may break a wall. */
function allowed(file: string, lines: readonly string[]) {
  test(`${file} may use what it needs`, async () => {
    const rulesOf = await brokenRules(file, lines);
    const broken = lines.filter((line) => rulesOf(line).some((rule) => rule?.includes("restrict")));
    expect(broken).toEqual([]);
  });
}

describe("the import wall", () => {
  const wall = /^no-restricted-(imports|syntax)$/;

  breaches(
    "packages/core/src/index.ts",
    [
      `import "@aws-sdk/client-sqs";`,
      `import type { SQSClient } from "@aws-sdk/client-sqs";`,
      `import "@smithy/node-http-handler";`,
      `import { Redis } from "ioredis";`,
      `import "@exactly-once/redis-store";`,
      `import "@exactly-once/core";`,
      `import "../../redis-store/src/index.js";`,
      `import "../../../packages/sqs-adapter/dist/index.js";`,
      `import { test as injected } from "vitest";`,
      `export * from "@exactly-once/sqs-adapter";`,
      `export { SESClient } from "@aws-sdk/client-ses";`,
      `await import("ioredis");`,
      "await import(`ioredis`);",
      `await import("@aws-sdk/client-ses");`,
      `type Client = import("@aws-sdk/client-ses").SESClient;`,
    ],
    wall,
  );

  breaches(
    "packages/sqs-adapter/src/index.ts",
    [
      `import "@exactly-once/ses-adapter";`,
      `import "@exactly-once/redis-store";`,
      `import "@exactly-once/core/src/record.js";`,
      `import "../../core/src/index.js";`,
      `import "vitest";`,
      `await import("@exactly-once/ses-adapter");`,
    ],
    wall,
  );

  breaches(
    "examples/formr-notifications/src/main.ts",
    [
      `import "../../../packages/core/src/index.js";`,
      `import "../../../packages/core/dist/index.js";`,
      `import "@exactly-once/core/dist/index.js";`,
      `import "@exactly-once/core/src/record.js";`,
      `export * from "@exactly-once/redis-store/src/store.js";`,
      `await import("../../../packages/core/src/index.js");`,
    ],
    wall,
  );

  breaches(
    "simulation/src/checker/check.ts",
    [
      `import "@exactly-once/core";`,
      `import type { Receipt } from "@exactly-once/core/ports";`,
      `import "@exactly-once/ses-adapter";`,
    ],
    wall,
  );

  allowed("packages/core/src/index.ts", [
    `import pLimit from "p-limit";`,
    `import { createHash } from "node:crypto";`,
    `import "./ports/clock.js";`,
    `import "../testing/src-like-name.js";`,
  ]);
  allowed("packages/ses-adapter/src/index.ts", [
    `import "@exactly-once/core";`,
    `import "@exactly-once/core/ports";`,
    `import "@exactly-once/core/testing";`,
    `import "@aws-sdk/client-ses";`,
  ]);
  allowed("examples/formr-notifications/src/main.ts", [
    `import "@exactly-once/core/user-cache";`,
    `import "@exactly-once/redis-store";`,
    `import "../../../scripts/node-ts-args.mjs";`,
  ]);
});

describe("the clock ban", () => {
  const ban = /^no-restricted-(globals|properties|imports|syntax)$/;

  breaches(
    "packages/core/src/index.ts",
    [
      `export const a1 = new Date();`,
      `export const a2 = Date.now();`,
      `export const a3 = Date;`,
      `export const a4 = globalThis.Date.now();`,
      `export const a5 = new globalThis.Date();`,
      `export const { Date: a6 } = globalThis;`,
      `export const a7 = global.Date;`,
      `export const a8 = globalThis["Date"];`,
      `setTimeout(() => undefined, 1);`,
      `globalThis.setTimeout(() => undefined, 1);`,
      `setInterval(() => undefined, 1);`,
      `setImmediate(() => undefined);`,
      `export const later = setTimeout;`,
      `export const b1 = performance.now();`,
      `export const b2 = globalThis.performance.now();`,
      `export const b3 = process.hrtime();`,
      `export const b4 = process.hrtime.bigint();`,
      `export const b5 = AbortSignal.timeout(1);`,
      `export const c1 = Math.random();`,
      `export const c2 = globalThis.Math.random();`,
      `export const { random } = Math;`,
      `export const c3 = Math["random"]();`,
      `export const c4 = crypto.randomUUID();`,
      `export const c5 = globalThis.crypto.randomUUID();`,
      `export const c6 = crypto.getRandomValues(new Uint8Array(1));`,
      `import { setTimeout as sleep } from "node:timers/promises";`,
      `import { setTimeout as pause } from "timers/promises";`,
      `import "node:timers";`,
      `import { performance as clock } from "node:perf_hooks";`,
      `import { hrtime } from "node:process";`,
      `import { randomUUID } from "node:crypto";`,
      `import { randomBytes as bytes } from "crypto";`,
      `import * as everything from "node:crypto";`,
      `await import("node:timers/promises");`,
      `await import("node:perf_hooks");`,
      `export const d1 = (await import("node:crypto")).randomUUID();`,
      `export const { randomBytes: d2 } = await import("node:crypto");`,
      `export const d3 = require("node:timers");`,
      `export { setTimeout as d4 } from "node:timers/promises";`,
    ],
    ban,
  );

  test.each([
    "packages/core/src/timing/system-clock.ts",
    "packages/core/src/record/record.test.ts",
  ])("doesn't hold in %s", async (file) => {
    const config = (await eslint.calculateConfigForFile(`${root}/${file}`)) as Linter.Config;
    expect(config.rules).not.toHaveProperty("no-restricted-globals");
    expect(JSON.stringify(config.rules?.["no-restricted-imports"])).not.toContain("timers");
    // The import wall does.
    expect(JSON.stringify(config.rules?.["no-restricted-imports"])).toContain("ioredis");
  });
});

describe("rules that need types", () => {
  breaches(
    "packages/core/src/index.ts",
    ["(async () => undefined)();", "[1].forEach(async () => undefined);"],
    /^@typescript-eslint\/no-(floating|misused)-promises$/,
  );
  breaches(
    "packages/core/src/index.ts",
    ['switch ("a" as "a" | "b") { case "a": break; }'],
    /^@typescript-eslint\/switch-exhaustiveness-check$/,
  );
});
