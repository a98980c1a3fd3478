import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { removeBundles } from "../processes.js";
import { circumstances } from "../results.js";
import { contenders, type ContenderName } from "./contenders/index.js";
import { faults, type FaultName } from "./faults.js";
import { merge, toTable, type ScoreRow } from "./report.js";
import { run } from "./run.js";

// pnpm scorecard [--events N] [--seed N] [--fault NAME…] [--contender NAME…] [--json FILE]

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    fault: { type: "string", multiple: true },
    contender: { type: "string", multiple: true },
    json: { type: "string" },
  },
});

const chosenFaults = choose(values.fault, Object.keys(faults)) as FaultName[];
const chosenContenders = choose(values.contender, Object.keys(contenders)) as ContenderName[];
const rows: ScoreRow[] = [];
try {
  for (const fault of chosenFaults) {
    for (const contender of chosenContenders) {
      const verdict = await run({
        contender,
        fault,
        events: Number(values.events),
        seed: Number(values.seed),
      });
      rows.push({ contender, fault, ...verdict });
      console.error(`${fault} | ${contender}: ${JSON.stringify(verdict)}`);
      await save();
    }
  }
} finally {
  await removeBundles();
}
console.log(toTable(rows));
const bad = rows.filter(
  ({ contender, sentTwice, neverSent, outOfOrder, stuck }) =>
    contender === "ours" && sentTwice + neverSent + outOfOrder + stuck > 0,
);
process.exit(bad.length > 0 ? 1 : 0);

function choose(wanted: readonly string[] | undefined, known: readonly string[]): string[] {
  const unknown = wanted?.filter((name) => !known.includes(name)) ?? [];
  if (unknown.length > 0) {
    console.error(`Unknown: ${unknown.join(", ")}. There are: ${known.join("; ")}.`);
    process.exit(2);
  }
  return [...(wanted ?? known)];
}

/** Keeps what an earlier run left in the file of other contenders and faults. */
async function save(): Promise<void> {
  if (values.json === undefined) return;
  const path = resolve(process.env["INIT_CWD"] ?? ".", values.json);
  const earlier = await readFile(path, "utf8").then(
    (text) => JSON.parse(text) as ScoreRow[],
    () => [],
  );
  const all = merge(earlier, rows);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(all, null, 2)}\n`);
  const head = `Seed ${values.seed}. Last run: ${await circumstances()}.`;
  await writeFile(path.replace(/\.json$/, ".md"), `${head}\n\n${toTable(all)}\n`);
}
