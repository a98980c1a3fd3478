import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vitest/config";
import { TIMES } from "./scripts/repeating-runner.mjs";

const conditions = ["@exactly-once/source"];

const folders = (parent: string) =>
  readdirSync(fileURLToPath(new URL(parent, import.meta.url)), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => ({ name: entry.name, root: `${parent}/${entry.name}` }));

interface Project {
  readonly name: string;
  readonly root: string;
  /** Of these files only; default all. */
  readonly files?: string;
  readonly alias?: Readonly<Record<string, string>>;
}

/** What a client of Redis decides about is tested on both of ioredis' versions that are allowed. */
const newerClient: Project = {
  name: "redis-store-ioredis-6",
  root: "./packages/redis-store",
  files: "src/{store.{conformance,failover,faults,cluster-faults},user-snapshot}",
  alias: { ioredis: "ioredis-6" },
};

const projects: readonly Project[] = [
  newerClient,
  ...folders("./packages"),
  ...folders("./examples"),
  { name: "simulation", root: "./simulation" },
  { name: "bench", root: "./bench" },
  { name: "scripts", root: "./scripts" },
];

const luaAsText: Plugin = {
  name: "lua-as-text",
  transform: (code, id) =>
    id.endsWith(".lua") ? { code: `export default ${JSON.stringify(code)};`, map: null } : null,
};

/** A test or hook that takes this long hangs. It asserts nothing else: a busy machine is slow. */
const HANGS_MS = 300_000;

/** The files of one kind: `*.test.ts` or `*.proof.ts`. */
export const suiteOf = (kind: "test" | "proof") =>
  defineConfig({
    plugins: [luaAsText],
    resolve: { conditions: [...conditions, "node"] },
    ssr: { resolve: { conditions: [...conditions, "node"] } },
    test: {
      maxWorkers: 2,
      coverage: {
        provider: "v8",
        include: ["packages/*/src/**/*.ts"],
        exclude: ["**/*.test.ts", "**/*.proof.ts"],
        reporter: ["text-summary", "html", "json-summary"],
      },
      projects: projects.map(({ name, root, files = "**/*", alias = {} }) => ({
        extends: true,
        root,
        test: {
          name,
          include: [`${files}.${kind}.ts`],
          alias,
          environment: "node",
          setupFiles: [fileURLToPath(new URL("scripts/seeded-chance.ts", import.meta.url))],
          testTimeout: HANGS_MS,
          hookTimeout: HANGS_MS,
          // The one way to wait for a condition.
          expect: { poll: { timeout: HANGS_MS, interval: 20 } },
          // `test --times N`
          ...(process.env[TIMES] === undefined
            ? {}
            : { runner: fileURLToPath(new URL("scripts/repeating-runner.mjs", import.meta.url)) }),
          env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
        },
      })),
    },
  });

export default suiteOf("test");
