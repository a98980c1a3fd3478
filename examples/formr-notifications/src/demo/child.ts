import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { nodeTsArgs } from "../../../../scripts/node-ts-args.mjs";

/** A process of the replay. */
export interface Child {
  readonly name: string;
  /** Whether it still runs. */
  readonly running: boolean;
  /** The last lines of its standard error and, where it logs there, output. */
  lastWords(): string;
  /** Lets it finish what it does. */
  askToEnd(): void;
  /** Ends it now, if it still runs, and waits until it is gone. */
  kill(): Promise<void>;
}

export interface ChildOptions {
  readonly name: string;
  /** Relative to this file. */
  readonly file: string;
  /** Where it is in another form than its source. */
  readonly bundles?: Bundles;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each line of its standard output. */
  readonly onLine: (line: string) => void;
}

/** Programs by their source files, relative to this folder. */
export type Bundles = Readonly<Record<string, string>>;

const KEPT_LINES = 15;
const alive = new Set<ChildProcess>();

// However the replay ends, its processes end with it.
process.on("exit", () => alive.forEach((child) => child.kill("SIGKILL")));

/** Starts a source file of this package with Node itself, so that a signal reaches it. */
export function startChild(options: ChildOptions): Child {
  const { name, file, bundles = {}, args = [], env = {}, onLine } = options;
  const bundle = bundles[file];
  const program = bundle
    ? [bundle]
    : [...nodeTsArgs, fileURLToPath(new URL(file, import.meta.url))];
  const child = spawn(process.execPath, [...program, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...inherited(), ...env },
  });
  alive.add(child);
  const ended = once(child, "close").then(() => alive.delete(child));
  const lines: string[] = [];
  const keep = (line: string) => {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
  };
  createInterface(child.stdout).on("line", onLine);
  createInterface(child.stderr).on("line", keep);
  child.on("error", (error) => keep(error.message));

  return {
    name,
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    lastWords: () => lines.join("\n"),
    askToEnd: () => void child.kill("SIGTERM"),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** The environment without settings that could lead a service to a real account. */
function inherited(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !/^(AWS_|REDIS_)/.test(name));
  return {
    ...Object.fromEntries(entries),
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  };
}
