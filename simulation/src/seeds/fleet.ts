import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle, type ChangedSources } from "./bundle.js";
import type { RangeResult, SeedRange } from "./run-seeds.js";
import { addTotals, noTotals, type Failure, type Totals } from "./totals.js";

export interface FleetOptions extends SeedRange {
  readonly workers: number;
  /** Instead of those in the tree: bugs that are planted. */
  readonly changed?: ChangedSources;
  onProgress?(totals: Totals, failures: readonly Failure[]): void;
}

/**
 * A run's rubbish is young: with room for it, nothing of it is ever copied. Worth a tenth of the time.
 * There is a worker for each core, so collecting it by several threads at once costs more than it saves.
 */
export const WORKER_FLAGS = ["--max-semi-space-size=64", "--single-threaded-gc"];
const CHUNK = 200;
const SMALL_CHUNK = 50;

/** Runs a range of seeds in worker processes, each on a bundle of the sources as they are now. */
export async function runFleet(options: FleetOptions): Promise<RangeResult> {
  const folder = await mkdtemp(join(tmpdir(), "simulation-"));
  try {
    const file = join(folder, "worker.mjs");
    await bundle("worker.ts", file, options.changed);
    return await runWorkers(file, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runWorkers(file: string, options: FleetOptions): Promise<RangeResult> {
  const totals = noTotals();
  const failures: Failure[] = [];
  const chunk = options.untilFirst ? SMALL_CHUNK : CHUNK;
  const end = options.first + options.count;
  let next = options.first;

  function nextRange(): SeedRange | undefined {
    if (next >= end || (options.untilFirst && failures.length > 0)) return undefined;
    const first = next;
    next = Math.min(end, first + chunk);
    const { repeatEvery, scenario, untilFirst } = options;
    return {
      ...{ first, count: next - first, repeatEvery },
      ...(scenario === undefined ? {} : { scenario }),
      ...(untilFirst === undefined ? {} : { untilFirst }),
    };
  }

  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = fork(file, {
        stdio: ["ignore", "inherit", "inherit", "ipc"],
        execArgv: WORKER_FLAGS,
      });
      const give = (): void => {
        const range = nextRange();
        if (range) worker.send(range);
        else worker.disconnect();
      };
      worker.on("message", (message) => {
        const result = message as RangeResult;
        addTotals(totals, result.totals);
        failures.push(...result.failures);
        options.onProgress?.(totals, failures);
        give();
      });
      worker.on("error", reject);
      worker.on("exit", (code) => {
        if (code === 0) resolve();
        else reject(new Error(`A simulation worker ended with ${String(code)}.`));
      });
      give();
    });
  await Promise.all(Array.from({ length: options.workers }, work));
  failures.sort((a, b) => a.seed - b.seed);
  return { totals, failures };
}
