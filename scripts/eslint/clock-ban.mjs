import { coreSourceWall, tests } from "./import-walls.mjs";
import { restrictImports } from "./restrict-imports.mjs";

const message =
  "Core takes time and chance from its ports (Clock, Randomness), so that a seeded simulator can run it.";

/** Chance that `node:crypto` offers beside its digests. */
const randomFunctions = [
  "randomUUID",
  "randomBytes",
  "randomInt",
  "randomFill",
  "randomFillSync",
  "getRandomValues",
];

const timeAndChance = [
  { regex: "^(node:)?(timers|perf_hooks|process|module|worker_threads)(/|$)", message },
  { regex: "^(node:)?crypto$", importNames: [...randomFunctions, "webcrypto"], message },
];

const globals = [
  "Date",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "performance",
  "process",
  "crypto",
  "Temporal",
  "scheduler",
  // These would lead to all of the above.
  "globalThis",
  "global",
  "require",
  "eval",
  "Function",
];

const restrictedImports = restrictImports([...coreSourceWall, ...timeAndChance]);

/**
 * No time and no chance in core but through its ports.
 *
 * @type {import("eslint").Linter.Config}
 */
export const clockBan = {
  name: "clock-ban",
  files: ["packages/core/src/**/*.ts"],
  ignores: ["packages/core/src/timing/system-clock.ts", `packages/core/src/${tests}`],
  rules: {
    ...restrictedImports,
    "no-restricted-globals": [
      "error",
      {
        globals: globals.map((name) => ({ name, message })),
        checkGlobalObject: true,
        globalObjects: ["global"],
      },
    ],
    "no-restricted-properties": [
      "error",
      { object: "Math", property: "random", message },
      { object: "AbortSignal", property: "timeout", message },
      ...randomFunctions.map((property) => ({ property, message })),
    ],
    "no-implied-eval": "error",
  },
};
