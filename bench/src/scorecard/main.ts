import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { removeBundles } from "../processes.js";
import { circumstances, today, versionOf } from "../results.js";
import { contenders, packagesOf, type ContenderName } from "./contenders/index.js";
import { faults, type FaultName } from "./faults.js";
import { drawScorecard } from "./picture.js";
import { intoPage, merge, toTable, wentWrong, type RunFacts, type ScoreRow } from "./report.js";
import { run } from "./run.js";

// pnpm scorecard [--events N] [--seed N] [--fault NAME…] [--contender NAME…]
//                [--json FILE] [--image FILE.svg] [--readme FILE.md] [--draw]
// Beside FILE.json it writes FILE.md; what other runs left in the file stays. The image and the
// summary in the page show all that is in FILE.json; with --draw nothing is measured before.

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    fault: { type: "string", multiple: true },
    contender: { type: "string", multiple: true },
    json: { type: "string" },
    image: { type: "string" },
    readme: { type: "string" },
    draw: { type: "boolean", default: false },
  },
});

const chosenFaults = choose(values.fault, Object.keys(faults)) as FaultName[];
const chosenContenders = choose(values.contender, Object.keys(contenders)) as ContenderName[];
const rows: ScoreRow[] = [];
try {
  if (!values.draw) await measure();
} finally {
  await removeBundles();
}
await show();
const bad = rows.filter((row) => row.contender === "ours" && wentWrong(row) > 0);
process.exit(bad.length > 0 ? 1 : 0);

async function measure(): Promise<void> {
  const seed = Number(values.seed);
  for (const fault of chosenFaults) {
    for (const contender of chosenContenders) {
      const startedAt = performance.now();
      const verdict = await run({ contender, fault, events: Number(values.events), seed });
      const facts: RunFacts = {
        date: today(),
        seed,
        seconds: Math.round((performance.now() - startedAt) / 1_000),
        node: process.version,
        packages: await Promise.all(
          packagesOf[contender].map(async (name) => `${name} ${await versionOf(name)}`),
        ),
      };
      rows.push({ contender, fault, ...verdict, run: facts });
      console.error(`${fault} | ${contender}: ${JSON.stringify(verdict)}, ${facts.seconds} s`);
      await save();
    }
  }
  console.log(toTable(rows));
}

function choose(wanted: readonly string[] | undefined, known: readonly string[]): string[] {
  const unknown = wanted?.filter((name) => !known.includes(name)) ?? [];
  if (unknown.length > 0) {
    console.error(`Unknown: ${unknown.join(", ")}. There are: ${known.join("; ")}.`);
    process.exit(2);
  }
  return [...(wanted ?? known)];
}

/** Where the user said it, seen from where the command was given. */
function pathOf(file: string): string {
  return resolve(process.env["INIT_CWD"] ?? ".", file);
}

/** The rows of this run, and those that earlier ones left of other contenders and faults. */
async function allRows(): Promise<readonly ScoreRow[]> {
  if (values.json === undefined) return rows;
  const earlier = await readFile(pathOf(values.json), "utf8").then(
    (text) => JSON.parse(text) as ScoreRow[],
    () => [],
  );
  return merge(earlier, rows);
}

/** After each run, so that one that is broken off leaves what it has. */
async function save(): Promise<void> {
  if (values.json === undefined) return;
  const all = await allRows();
  const path = pathOf(values.json);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(all, null, 2)}\n`);
  const head = `Seed ${values.seed}. Last run: ${await circumstances()}.`;
  await writeFile(path.replace(/\.json$/, ".md"), `${head}\n\n${toTable(all)}\n`);
}

async function show(): Promise<void> {
  const all = await allRows();
  if (values.image !== undefined) await writeFile(pathOf(values.image), drawScorecard(all));
  if (values.readme !== undefined) {
    const path = pathOf(values.readme);
    await writeFile(path, intoPage(await readFile(path, "utf8"), all));
  }
}
