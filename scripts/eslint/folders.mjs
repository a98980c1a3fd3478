import { importGraph } from "./import-graph.mjs";
import { tests } from "./import-walls.mjs";

/**
 * The folders of each package, from what uses nothing to what uses all of it: each may use only those
 * before it. Core's is the list of DESIGN, section 12.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const orders = {
  "packages/core/src": [
    "ports",
    "events",
    "errors",
    "serialize-event",
    "options",
    "timing",
    "identity",
    "pipeline",
    "record",
    "memory-store",
    "cas-store",
    "leases",
    "run",
    "message",
    "consumer",
    "batch",
    "ports-entry",
    "user-cache",
    "testing",
    "index",
  ],
  "simulation/src": [
    "checker",
    "kernel",
    "worlds",
    "ports",
    "scenarios",
    "oracles",
    "actors",
    "run",
    "seeds",
    "mutants",
    "incident",
    "main",
    "covered-seeds",
  ],
};

const plugins = { "import-graph": importGraph };

/**
 * @param {string} root
 * @param {readonly string[]} order
 * @returns {import("eslint").Linter.Config}
 */
const inOrder = (root, order) => ({
  name: `folders/${root}`,
  files: [`${root}/**/*.ts`],
  ignores: [`${root}/${tests}`],
  plugins,
  rules: { "import-graph/folder-order": ["error", { root, order }] },
});

/**
 * What becomes of a message is decided in message/ alone: its hosts carry that out, and two of them
 * that knew of back-off and retries would drift apart again.
 *
 * @type {import("eslint").Linter.Config}
 */
const hosts = {
  name: "folders/hosts",
  files: ["packages/core/src/{consumer,batch}/**/*.ts"],
  ignores: [
    `**/${tests}`,
    // These repeat calls of their own, not tries at a message.
    "packages/core/src/consumer/{poller,queue-calls,receive-gate,until-verified}.ts",
  ],
  plugins,
  rules: {
    "import-graph/not-for": [
      "error",
      {
        files: ["timing/backoff", "message/back-off", "pipeline/retry"].map(
          (file) => `packages/core/src/${file}.ts`,
        ),
        message:
          "A host carries out what message/conclude decides: delays and tries are decided there.",
      },
    ],
  },
};

/** @type {import("eslint").Linter.Config[]} */
export const folders = [
  {
    name: "folders/cycles",
    files: ["**/*.ts"],
    plugins,
    rules: { "import-graph/no-cycle": "error" },
  },
  hosts,
  ...Object.entries(orders).map(([root, order]) => inOrder(root, order)),
];
