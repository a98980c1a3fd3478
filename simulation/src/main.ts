import { SingleBar } from "cli-progress";
import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { saveEntry } from "./seeds/corpus.js";
import { runFleet } from "./seeds/fleet.js";
import { describeTotals, summarize } from "./seeds/report.js";
import { runGuarded, type SeedRange } from "./seeds/run-seeds.js";
import { scenarioOf } from "./scenarios/mix.js";
import { SCENARIOS, type ScenarioName } from "./scenarios/settings.js";
import { shrink } from "./seeds/shrink.js";
import type { Failure } from "./seeds/totals.js";

const USAGE = `usage: pnpm simulate [--seeds N] [--from FIRST] [--scenario NAME] [--workers W] [--json FILE]
       pnpm simulate --seed S [--scenario NAME]
       pnpm simulate --mutants [--only TEXT] [--json FILE]
       pnpm simulate --incident [--json FILE]
scenarios: ${SCENARIOS.join(", ")}; without one, the mix of all`;

const MAX_SHRUNK = 5;

function readArguments() {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "2000" },
      from: { type: "string", default: "1" },
      seed: { type: "string" },
      scenario: { type: "string" },
      workers: { type: "string", default: String(Math.min(8, availableParallelism())) },
      json: { type: "string" },
      mutants: { type: "boolean", default: false },
      only: { type: "string" },
      incident: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  // Of a number that isn't one no seed would run, and nothing would be found.
  for (const name of ["seeds", "from", "seed", "workers"] as const) {
    if (values[name] === undefined || /^[1-9]\d*$/.test(values[name])) continue;
    throw new Error(`--${name} takes a whole number from 1 on, not ${values[name]}.`);
  }
  return values;
}

async function main(): Promise<number> {
  let values;
  try {
    values = readArguments();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const scenario = SCENARIOS.find((name) => name === values.scenario);
  if (values.scenario !== scenario) {
    console.error(USAGE);
    return 2;
  }
  if (values.seed !== undefined) return tellSeed(Number(values.seed), scenario);
  if (values.mutants) {
    const { huntMutants } = await import("./mutants/hunt.js");
    const report = await huntMutants(Number(values.workers), values.only);
    await writeJson(values.json, report);
    return report.survivors === 0 ? 0 : 1;
  }
  if (values.incident) {
    const { tellIncident } = await import("./incident/main.js");
    const report = await tellIncident();
    await writeJson(values.json, report);
    return report.ours === 0 ? 0 : 1;
  }
  const range = {
    ...{ first: Number(values.from), count: Number(values.seeds), repeatEvery: 50 },
    ...(scenario === undefined ? {} : { scenario }),
  };
  return runRange(range, Number(values.workers), values.json);
}

async function writeJson(file: string | undefined, value: unknown): Promise<void> {
  if (file === undefined) return;
  const path = resolve(process.env["INIT_CWD"] ?? process.cwd(), file);
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

async function runRange(
  range: SeedRange,
  workers: number,
  json: string | undefined,
): Promise<number> {
  const bar = new SingleBar({
    format: "{bar} {value}/{total} seeds, {violations} violations",
    clearOnComplete: true,
  });
  const startedAt = performance.now();
  if (process.stdout.isTTY) bar.start(range.count, 0, { violations: 0 });
  const { totals, failures } = await runFleet({
    ...range,
    workers,
    onProgress: (soFar, failed) => {
      if (process.stdout.isTTY) bar.update(soFar.seeds, { violations: failed.length });
    },
  });
  bar.stop();
  const summary = summarize(totals, failures, performance.now() - startedAt, workers);
  console.log(describeTotals(summary));
  await writeJson(json, summary);
  for (const failure of failures.slice(0, MAX_SHRUNK)) await keep(failure);
  if (failures.length > MAX_SHRUNK) {
    console.log(
      `and ${failures.length - MAX_SHRUNK} more: ${failures
        .slice(MAX_SHRUNK, 30)
        .map(({ seed }) => seed)
        .join(" ")}`,
    );
  }
  return failures.length === 0 ? 0 : 1;
}

/** Shrinks a failing seed and keeps it in the corpus, to be given its story by whoever mends it. */
async function keep({ seed, scenario, oracle, text }: Failure): Promise<void> {
  console.log(`seed ${seed} (${scenario}): ${oracle}: ${text}`);
  const { fired } = await runGuarded({ seed, scenario });
  const { faults, runs } = await shrink(seed, scenario, oracle, fired);
  const file = await saveEntry(`seed-${seed}`, { seed, scenario, faults, oracle, story: "" });
  console.log(
    `  ${fired.length} faults shrunk to ${faults.length} in ${runs} runs: ${faults.join(", ")}`,
  );
  console.log(`  kept in ${file}; read it by: pnpm simulate --seed ${seed} --scenario ${scenario}`);
}

/** Prints one run as a story: shrunk first where it breaks a promise. */
async function tellSeed(seed: number, named: ScenarioName | undefined): Promise<number> {
  const scenario = named ?? scenarioOf(seed);
  const first = await runGuarded({ seed, scenario });
  const [violation] = first.violations;
  const only = violation
    ? new Set((await shrink(seed, scenario, violation.oracle, first.fired)).faults)
    : undefined;
  const told = await runGuarded({ seed, scenario, story: true, ...(only ? { only } : {}) });
  console.log(`seed ${seed}, scenario ${scenario}, trace ${told.hash}`);
  console.log(told.story.join("\n"));
  // Where nothing is broken they are many, most of them mere delays.
  const faults = violation ? told.fired : told.fired.filter((fault) => !fault.includes(".jitter#"));
  console.log(`\nfaults: ${faults.length === 0 ? "none" : faults.join(", ")}`);
  console.log(violation ? `BROKEN: ${violation.oracle}: ${violation.text}` : "every promise kept");
  return violation ? 1 : 0;
}

process.exitCode = await main();
