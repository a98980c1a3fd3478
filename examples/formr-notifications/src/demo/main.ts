import { writeFile } from "node:fs/promises";
import { tally, type Figures } from "./counting.js";
import { expectedEmails } from "./expected-emails.js";
import { duration, wrapped } from "./in-words.js";
import { parseOptions, USAGE, UsageError, type DemoOptions } from "./options.js";
import { showProgress } from "./progress.js";
import { replay, type ReplayResult } from "./replay.js";
import { htmlReport } from "./report.js";
import { REAL, SCALE, scaledMs } from "./scale.js";
import type { Side } from "./services.js";
import { table, type Outcome } from "./table.js";
import { alarmNote, passed, verdict } from "./verdict.js";
import { createWorkload } from "./workload.js";

const PAGE_SIZE = 60;
const WIDTH = 80;
const titles: Readonly<Record<Side, string>> = { naive: "naive", ours: "ours" };

/** What `--json` writes for one seed. */
interface FiguresFile {
  readonly seed: number;
  /** How many times faster than the incident time ran. */
  readonly scale: number;
  readonly naive: Figures;
  readonly ours: Figures;
}

async function runSeed(seed: number, options: DemoOptions) {
  const { users, walkSeconds } = options;
  const workload = createWorkload({ seed, users });
  const expected = expectedEmails(workload, { users, seed });
  const walkMs = scaledMs(walkSeconds);
  const pageLatencyMs = walkMs / Math.ceil(users / PAGE_SIZE);

  async function play(side: Side): Promise<ReplayResult> {
    const progress = showProgress(titles[side], workload.length, process.stdout);
    try {
      return await replay({
        side,
        workload,
        walkMs,
        stack: { users, poolSeed: seed, pageLatencyMs },
        onProgress: progress.update,
      });
    } finally {
      progress.stop();
    }
  }

  const naive = await play("naive");
  const ours = await play("ours");
  const outcome: Outcome = {
    naive: tally(expected, naive.emails, naive.observations),
    ours: tally(expected, ours.emails, ours.observations),
  };
  const figures: FiguresFile = {
    seed,
    scale: SCALE,
    naive: outcome.naive.figures,
    ours: outcome.ours.figures,
  };
  const emails = { naive: naive.emails, ours: ours.emails };
  return { seed, users, walkSeconds, workload, expected, emails, outcome, figures };
}

async function main(): Promise<boolean> {
  const options = parseOptions(process.argv.slice(2), process.env["INIT_CWD"] ?? process.cwd());
  if (options === undefined) {
    console.log(USAGE);
    return true;
  }
  console.log(introduction(options));
  const runs = [];
  for (let seed = options.seed; seed < options.seed + options.seeds; seed += 1) {
    const run = await runSeed(seed, options);
    runs.push(run);
    if (options.seeds > 1) console.log(`Seed ${seed}: ${verdict(run.outcome)}`);
  }
  const [only] = runs;
  if (options.seeds === 1 && only !== undefined) {
    const colours = process.stdout.isTTY && !process.env["NO_COLOR"];
    console.log(`\n${table(only.outcome, colours)}\n`);
    const note = alarmNote(only.expected, only.emails.naive);
    for (const text of [verdict(only.outcome), note]) console.log(`${wrapped(text, WIDTH)}\n`);
    await writeFile(options.report, htmlReport(only));
    console.log(`Report: ${options.report}`);
  }
  if (options.json !== undefined) {
    const figures = runs.map((run) => run.figures);
    await writeFile(
      options.json,
      `${JSON.stringify(options.seeds === 1 ? figures[0] : figures, null, 2)}\n`,
    );
    console.log(`Figures: ${options.json}`);
  }
  return runs.every(({ outcome }) => passed(outcome));
}

function introduction({ seed, seeds, users, walkSeconds }: DemoOptions): string {
  const which = seeds === 1 ? `seed ${seed}` : `seeds ${seed} to ${seed + seeds - 1}`;
  return [
    `The incident, replayed: ${which}, ${users.toLocaleString("en-GB")} users in the pool.`,
    `The queue shows a message again after ${REAL.visibilitySeconds} s; a walk of the pool takes ${duration(walkSeconds)}.`,
    `Scale 1:${SCALE}: ${REAL.visibilitySeconds} s take ${scaledMs(REAL.visibilitySeconds) / 1_000} s here. All times are told in real time.\n`,
  ].join("\n");
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`${error.message} All options: --help`);
    process.exitCode = 2;
  } else {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
