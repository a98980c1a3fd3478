import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Row } from "../rows.js";
import { interleaved } from "../suites/interleaved.js";
import { ROOT, checkOut } from "./checkout.js";
import { compareRounds, type Comparison } from "./compare.js";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

export interface AgainstBaselineOptions {
  /** Anything that git takes for a commit. */
  readonly commit: string;
  readonly suites: readonly string[];
  /** Rounds: each measures both sides once. */
  readonly runs: number;
  /** Options of `bench` for both sides, as on its command line. */
  readonly arguments: readonly string[];
  readonly note: (text: string) => void;
}

/**
 * Measures this working tree and another commit in turns: each round runs every suite once on either
 * side, by that side's own sources and dependencies, and begins with the other side than the last.
 */
export async function measureAgainstBaseline(
  options: AgainstBaselineOptions,
): Promise<readonly Comparison[]> {
  const { commit, suites, runs, note } = options;
  note(`checking out ${commit}`);
  const checkout = await checkOut(commit);
  const roots = { now: ROOT, baseline: checkout.root };
  const comparisons: Comparison[] = [];
  try {
    for (const suite of suites) {
      const measured = await interleaved(["now", "baseline"], runs, (side, round) => {
        note(`${suite}, round ${round} of ${runs}, ${side === "now" ? side : checkout.id}`);
        return measureOnce(roots[side], [suite, ...options.arguments]);
      });
      const now = measured.get("now") ?? [];
      const baseline = measured.get("baseline") ?? [];
      const rounds = now.map((rows, index) => ({ now: rows, baseline: baseline[index] ?? [] }));
      comparisons.push(...compareRounds(rounds));
    }
  } finally {
    await checkout.remove();
  }
  return comparisons;
}

/** One run of one suite by the sources in `root`. */
async function measureOnce(root: string, args: readonly string[]): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "exactly-once-bench-"));
  const file = join(folder, "rows.json");
  try {
    const bench = spawn(
      process.execPath,
      ["scripts/run-ts.mjs", "bench/src/main.ts", ...args, "--runs", "1", "--json", file],
      { cwd: root, stdio: ["ignore", "ignore", "inherit"] },
    );
    const stop = (): void => {
      bench.kill();
    };
    // Interrupted, this process goes on just long enough to remove the other working tree.
    for (const signal of SIGNALS) process.on(signal, stop);
    const [code] = (await once(bench, "exit")) as [number | null];
    for (const signal of SIGNALS) process.off(signal, stop);
    if (code !== 0)
      throw new Error(`bench ${args.join(" ")} ended with ${String(code)} in ${root}.`);
    return JSON.parse(await readFile(file, "utf8")) as readonly Row[];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
