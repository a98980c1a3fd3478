import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { readArguments } from "../arguments.js";
import { removeBundles } from "../processes.js";
import { circumstances, today, versionOf } from "../results.js";
import { contenders, packagesOf, type ContenderName } from "./contenders/index.js";
import { faults, type FaultName } from "./faults.js";
import { drawScorecard } from "./picture.js";
import { intoPage, merge, toTable, wentWrong, type RunFacts, type ScoreRow } from "./report.js";
import { run } from "./run.js";

const USAGE = `The same events through each contender under the same faults. Ends with 1 where ours sent twice,
lost, disordered or got stuck with anything.

  npx -y pnpm@12 scorecard [OPTIONS]

  --events N         events a run (default 1000)
  --seed N           which events and faults (default 1)
  --fault NAME       this one; may be repeated (default all)
  --contender NAME   this one; may be repeated (default all)
  --json FILE.json   writes the rows there and FILE.md beside; what other runs left in it stays
  --image FILE.svg   draws all that is in FILE.json
  --readme FILE.md   puts the summary of it into this page
  --draw             measures nothing, draws only

Faults:
  ${Object.keys(faults).join("\n  ")}
Contenders:
  ${Object.keys(contenders).join("\n  ")}`;

const { values } = readArguments(
  USAGE,
  {
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
  },
  { events: 1, seed: 0 },
);

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
