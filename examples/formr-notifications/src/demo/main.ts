import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tally, type Figures } from "./counting.js";
import { expectedEmails } from "./expected-emails.js";
import { duration, wrapped } from "./in-words.js";
import { parseOptions, USAGE, UsageError, type DemoOptions } from "./options.js";
import { showProgress } from "./progress.js";
import { replay, type ReplayResult } from "./replay.js";
import { htmlReport, reportImages, type Run } from "./report.js";
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

async function runSeed(seed: number, options: DemoOptions): Promise<Run> {
  const { users, walkSeconds } = options;
  const workload = createWorkload({ seed, users });
  const expected = expectedEmails(workload, { users, seed });
  const pageLatencyMs = scaledMs(walkSeconds) / Math.ceil(users / PAGE_SIZE);

  async function play(side: Side): Promise<ReplayResult> {
    const progress = showProgress(titles[side], workload.length, process.stdout);
    try {
      return await replay({
        side,
        workload,
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
  const emails = { naive: naive.emails, ours: ours.emails };
  return { seed, users, walkSeconds, workload, expected, emails, outcome };
}

const figuresOf = ({ seed, outcome }: Run): FiguresFile => ({
  seed,
  scale: SCALE,
  naive: outcome.naive.figures,
  ours: outcome.ours.figures,
});

/** Tells one run in full. */
async function show(run: Run, { report, images }: DemoOptions): Promise<void> {
  const colours = process.stdout.isTTY && !process.env["NO_COLOR"];
  console.log(`\n${table(run.outcome, colours)}\n`);
  const note = alarmNote(run.expected, run.emails.naive);
  for (const text of [verdict(run.outcome), note]) console.log(`${wrapped(text, WIDTH)}\n`);
  await writeFile(report, htmlReport(run));
  console.log(`Report: ${report}`);
  if (images === undefined) return;
  await mkdir(images, { recursive: true });
  for (const [name, svg] of Object.entries(reportImages(run))) {
    await writeFile(join(images, name), svg);
  }
  console.log(`Images: ${images}`);
}

async function main(): Promise<boolean> {
  const options = parseOptions(process.argv.slice(2), process.env["INIT_CWD"] ?? process.cwd());
  if (options === undefined) {
    console.log(USAGE);
    return true;
  }
  console.log(introduction(options));
  const runs: Run[] = [];
  for (let seed = options.seed; seed < options.seed + options.seeds; seed += 1) {
    const run = await runSeed(seed, options);
    runs.push(run);
    if (options.seeds === 1) await show(run, options);
    else console.log(wrapped(`Seed ${seed}: ${verdict(run.outcome)}`, WIDTH));
    if (options.json === undefined) continue;
    // After each seed, so that a long row of them leaves what it has found.
    const figures = runs.map(figuresOf);
    const content = options.seeds === 1 ? figures[0] : figures;
    await writeFile(options.json, `${JSON.stringify(content, null, 2)}\n`);
  }
  if (options.json !== undefined) console.log(`Figures: ${options.json}`);
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
