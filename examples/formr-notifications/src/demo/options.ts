import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { REAL } from "./scale.js";
import { FEWEST_USERS } from "./workload.js";

export interface DemoOptions {
  readonly seed: number;
  /** How many seeds in a row, beginning with `seed`. */
  readonly seeds: number;
  readonly users: number;
  /** How long a walk of the pool takes, in seconds of real time. */
  readonly walkSeconds: number;
  /** Absolute paths. */
  readonly json: string | undefined;
  readonly report: string;
  /** A folder. */
  readonly images: string | undefined;
}

export const USAGE = `Replays the incident: a naive service and ours on the same load, each on a fresh local stack.

  npx -y pnpm@12 demo [OPTIONS]

  --seed N        which workload (default 1)
  --users N       users in the pool, ${FEWEST_USERS} to 200000 (default 3000)
  --walk SECONDS  how long a walk of the pool takes, in real time, 1 to 300 (default ${REAL.walkSeconds});
                  below the queue's ${REAL.visibilitySeconds} s the naive service is fine, as it was in its tests
  --json FILE     writes the figures
  --report FILE   where the HTML report goes (default demo-report.html)
  --images FOLDER writes the report's two charts as SVG files
  --seeds N       runs N seeds, one after the other, with a line for each and no report
  --help          shows this

Exit code: 0 if ours sent each expected email exactly once and the naive service didn't; 1 if not;
2 for options that can't be used.`;

/** An option that can't be used; the message is one line for the user. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * Reads the command line. Paths are relative to where the user typed the command.
 *
 * @returns nothing where help was asked for
 * @throws UsageError
 */
export function parseOptions(args: readonly string[], directory: string): DemoOptions | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  for (const name of ["report", "images"] as const) {
    if (values.seeds !== undefined && values[name] !== undefined) {
      throw new UsageError(`--${name} is of one run: leave it out with --seeds.`);
    }
  }
  return {
    seed: whole("--seed", values.seed ?? "1", 0, 2 ** 32 - 1),
    seeds: whole("--seeds", values.seeds ?? "1", 1, 1_000),
    users: whole("--users", values.users ?? "3000", FEWEST_USERS, 200_000),
    walkSeconds: whole("--walk", values.walk ?? String(REAL.walkSeconds), 1, 300),
    json: values.json === undefined ? undefined : file("--json", values.json, directory),
    report: file("--report", values.report ?? "demo-report.html", directory),
    images: values.images === undefined ? undefined : file("--images", values.images, directory),
  };
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: "boolean", short: "h" },
        seed: text,
        seeds: text,
        users: text,
        walk: text,
        json: text,
        report: text,
        images: text,
      },
    }).values;
  } catch (error) {
    const [firstLine = ""] = (error instanceof Error ? error.message : String(error)).split(
      /\. |\n/,
    );
    throw new UsageError(`${firstLine.replace(/\.$/, "")}.`);
  }
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new UsageError(`${name} must be a whole number from ${least} to ${most}.`);
  }
  return value;
}

function file(name: string, path: string, directory: string): string {
  if (path.trim() === "") throw new UsageError(`${name} needs a path.`);
  return resolve(directory, path);
}
