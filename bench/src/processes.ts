import { build } from "esbuild";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createLink, type Link, type Methods } from "./link.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
/** Inside the package, so that the bundles find its dependencies. */
const FOLDER = `${HERE}../node_modules/.cache/bench-${process.pid}`;

export interface Process extends Link {
  readonly child: ChildProcess;
  /** Ends it at once; resolves when it has gone. */
  kill(): Promise<void>;
}

export interface StartOptions {
  readonly methods?: Methods;
  readonly nodeArgs?: readonly string[];
}

/** Where each process is to leave a CPU profile, if anywhere. */
const profiles = process.env["BENCH_PROFILE"];
const profileArgs = profiles === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profiles}`];

const bundled = new Map<string, Promise<string>>();
const running = new Set<ChildProcess>();

process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/**
 * Starts an entry of this package as a process of its own, and resolves when it is ready to be
 * called.
 *
 * @param entry relative to `src`, without an extension
 */
export async function startProcess(
  entry: string,
  input: unknown,
  { methods = {}, nodeArgs = [] }: StartOptions = {},
): Promise<Process> {
  let ready: () => void = () => undefined;
  const started = new Promise<void>((resolve) => (ready = resolve));
  const child = fork(await bundle(entry), [JSON.stringify(input ?? null)], {
    execArgv: [...profileArgs, ...nodeArgs],
  });
  running.add(child);
  const exited = once(child, "exit").then(() => {
    running.delete(child);
  });
  const link = createLink(child, { ...methods, ready: () => ready() });
  await Promise.race([
    started,
    exited.then(() => Promise.reject(new Error(`${entry} ended while starting.`))),
  ]);
  return {
    child,
    call: link.call,
    kill: async () => {
      // Node writes the profile when it ends in good order, as these do when they are alone.
      if (profiles !== undefined && child.connected) child.disconnect();
      else if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await exited;
    },
  };
}

/**
 * Our sources are bundled as our users get them: what runs TypeScript directly keeps the names of
 * functions, which costs a call for each closure made. All other packages stay as published.
 */
function bundle(entry: string): Promise<string> {
  const known = bundled.get(entry);
  if (known) return known;
  const outfile = `${FOLDER}/${entry.replaceAll("/", "-")}.mjs`;
  const building = buildEntry(entry, outfile).then(() => outfile);
  bundled.set(entry, building);
  return building;
}

async function buildEntry(entry: string, outfile: string): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const manifest = JSON.parse(await readFile(`${HERE}../package.json`, "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  await build({
    entryPoints: [`${HERE}${entry}.ts`],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    conditions: ["@exactly-once/source"],
    loader: { ".lua": "text" },
    external: Object.keys(manifest.dependencies).filter(
      (name) => !name.startsWith("@exactly-once/"),
    ),
    banner: {
      // Packages that are CommonJS and bundled with ours ask for Node's own modules.
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    logLevel: "error",
  });
}

/** Removes the bundles. */
export function removeBundles(): Promise<void> {
  return rm(FOLDER, { recursive: true, force: true });
}
