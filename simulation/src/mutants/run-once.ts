import { fork } from "node:child_process";
import type { RangeResult, SeedRange } from "../run-seeds.js";

/** Runs one range in a worker process of its own. */
export function runOnce(file: string, range: SeedRange): Promise<RangeResult> {
  return new Promise((resolve, reject) => {
    const worker = fork(file, { execArgv: [] });
    let result: RangeResult | undefined;
    worker.on("message", (message) => {
      result = message as RangeResult;
      worker.disconnect();
    });
    worker.on("error", reject);
    worker.on("exit", (code) => {
      if (result) resolve(result);
      else reject(new Error(`The simulation worker ended with ${String(code)} and no result.`));
    });
    worker.send(range);
  });
}
