import type { SourceKind, TestRunner } from "./stranger.js";

/** One way of using the packages: a folder, what is installed in it, and a command that has to end well. */
export interface Cell {
  readonly name: string;
  readonly sources: SourceKind;
  /** Default `node`. */
  readonly runner?: TestRunner;
  /** Of the folder's `package.json`. Default `module`, for CommonJS sources `commonjs`. */
  readonly type?: "module" | "commonjs";
  /** What is installed in the folder, beside the packages under test. */
  readonly tools?: readonly string[];
  readonly files?: Readonly<Record<string, object>>;
  /** The command line, with the tools on the PATH. `RUNTIME` names a Lambda runtime's folder. */
  readonly command: string;
  /** Left out by `--brief`: it differs little from another, and takes longer. */
  readonly inWhole?: true;
  /** Which versions of Node it is tried on. Default: all. */
  readonly nodes?: "current" | "from 22";
}

const strict = {
  strict: true,
  skipLibCheck: false,
  target: "es2022",
  types: ["node"],
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
};

const withTypes = ["@types/node@20"];

function compiled(version: string): readonly Cell[] {
  const tools = [`typescript@${version}`, ...withTypes];
  const nodenext = { ...strict, module: "nodenext", rootDir: ".", outDir: "dist" };
  const bundler = { ...strict, module: "esnext", moduleResolution: "bundler", noEmit: true };
  const include = ["*.ts"];
  return [
    ...(["module", "commonjs"] as const).map((type): Cell => ({
      name: `TypeScript ${version}, nodenext, ${type === "module" ? "ESM" : "CommonJS"}`,
      sources: "typescript",
      type,
      tools,
      files: { "tsconfig.json": { compilerOptions: nodenext, include } },
      command: "tsc -p . && node --test dist/service.test.js",
      nodes: "current",
      ...(isBrief(version, type) ? {} : { inWhole: true }),
    })),
    {
      name: `TypeScript ${version}, bundler`,
      sources: "typescript",
      tools: [...tools, "esbuild"],
      files: { "tsconfig.json": { compilerOptions: bundler, include } },
      command:
        "tsc -p . && esbuild service.test.ts --bundle --platform=node --format=esm " +
        "--packages=external --outfile=out/service.test.js --log-level=warning && " +
        "node --test out/service.test.js",
      nodes: "current",
      inWhole: true,
    },
  ];
}

/** The oldest compiler for the one module kind, the newest for the other. */
function isBrief(version: string, type: "module" | "commonjs"): boolean {
  return version === (type === "module" ? "5.9" : "7");
}

function lambda(name: string, options: string, inWhole?: true): Cell {
  return {
    name: `Lambda, ${name}`,
    sources: "esm",
    ...(inWhole && { inWhole }),
    tools: ["esbuild"],
    command:
      "export TASK=$(mktemp -d -p $RUNTIME)/index.cjs && esbuild lambda.js --bundle --platform=node " +
      `--target=node20 --format=cjs --outfile=$TASK --log-level=warning ${options} && node --test invoke.js`,
  };
}

export const cells: readonly Cell[] = [
  { name: "ESM, node --test", sources: "esm", command: "node --test service.test.js" },
  { name: "CommonJS, node --test", sources: "cjs", command: "node --test service.test.js" },
  {
    name: "CommonJS, Jest",
    sources: "cjs",
    runner: "jest",
    tools: ["jest"],
    command: "jest service.test.js",
  },
  {
    name: "Vitest 4",
    sources: "typescript",
    runner: "vitest",
    tools: ["vitest@4"],
    command: "vitest run service.test.ts",
  },
  {
    name: "Vitest, newest",
    sources: "typescript",
    runner: "vitest",
    tools: ["vitest"],
    command: "vitest run service.test.ts",
    nodes: "from 22",
  },
  ...["5.9", "6", "7"].flatMap(compiled),
  lambda("all bundled", "", true),
  lambda("the runtime's @aws-sdk", "'--external:@aws-sdk/*'", true),
  lambda("the runtime's @aws-sdk and @smithy", "'--external:@aws-sdk/*' '--external:@smithy/*'"),
];
