import { restrictImports } from "./restrict-imports.mjs";

/** @typedef {import("./restrict-imports.mjs").Restriction} Restriction */

/** @type {Restriction[]} */
const deepImports = [
  {
    regex: "^@exactly-once/[^/]+/(?!(ports|user-cache|testing|v2)$)",
    message: "Import what the package exports, not a file inside it.",
  },
  {
    regex: "^(\\.\\./)+[^.][^/]*/(.+/)?(src|dist)/",
    message: "Import other packages by name, as a user does.",
  },
];

/** @type {Restriction[]} */
const testTools = [
  {
    regex: "^(vitest|fast-check|fauxqs|tsx)(/|$)",
    message: "What is published runs without the test tools; take them as an argument.",
  },
];

/** @type {Restriction[]} */
export const coreWall = [
  ...deepImports,
  {
    regex: "^@exactly-once/",
    message: "Dependencies point inward: core imports no other package (and itself relatively).",
  },
  {
    regex: "^(@aws-sdk/|@smithy/|aws-lambda$|aws-sdk$|ioredis|redis$|pg$|nodemailer|@redis/)",
    message: "Core knows no provider and no database; put this behind a port, in an adapter.",
  },
];

/** @type {Restriction[]} */
const adapterWall = [
  ...deepImports,
  {
    // One request over HTTP is no adapter: senders are built on it.
    regex: "^@exactly-once/(?!(core(/|$)|one-request$))",
    message: "Dependencies point inward: an adapter imports core, never another adapter.",
  },
];

/** @type {Restriction[]} */
const chance = [
  {
    regex: "^fast-check$",
    message: "Import scripts/seeded-fast-check.mjs: a test draws the same cases in every run.",
  },
];

/** What stands beside the sources, but isn't published. */
export const tests = "**/*.{test,proof,fixture}.ts";

const adapters = [
  ...[
    "sqs-adapter",
    "ses-adapter",
    "notify-adapter",
    "webhook-sender",
    "one-request",
    "opentelemetry",
  ],
  "redis-store",
  "postgres-store",
].map((name) => `packages/${name}/src`);

/**
 * Who may import whom. Later entries replace earlier ones for the files they share.
 *
 * @type {import("eslint").Linter.Config[]}
 */
export const importWalls = [
  {
    name: "walls/users",
    files: ["packages/cli/src/**/*.ts", "examples/**/*.ts", "simulation/**/*.ts", "bench/**/*.ts"],
    rules: restrictImports(deepImports),
  },
  {
    name: "walls/checker",
    files: ["simulation/src/checker/**/*.ts"],
    rules: restrictImports([
      ...deepImports,
      {
        regex: "^@exactly-once/",
        message: "The checker judges this project's code, and so uses none of it.",
      },
    ]),
  },
  {
    name: "walls/adapters",
    files: adapters.map((folder) => `${folder}/**/*.ts`),
    rules: restrictImports([...adapterWall, ...testTools]),
  },
  {
    name: "walls/adapter-tests",
    files: adapters.map((folder) => `${folder}/${tests}`),
    rules: restrictImports([...adapterWall, ...chance]),
  },
  {
    name: "walls/core",
    files: ["packages/core/src/**/*.ts"],
    rules: restrictImports([...coreWall, ...testTools]),
  },
  {
    name: "walls/core-tests",
    files: [`packages/core/src/${tests}`],
    rules: restrictImports([...coreWall, ...chance]),
  },
];

/** What core's own sources may not import; the clock ban adds to it. */
export const coreSourceWall = [...coreWall, ...testTools];
