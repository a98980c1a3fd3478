import { readArguments } from "./arguments.js";
import { measureAgainstBaseline } from "./baseline/against-baseline.js";
import { comparisonTables } from "./baseline/compare.js";
import { removeBundles } from "./processes.js";
import { saveComparisons, saveRows } from "./results.js";
import { toMarkdown, type Row } from "./rows.js";
import { isEmulatorName } from "./sqs/emulators.js";
import { suites } from "./suites/index.js";
import { judgeTargets, targetsTable } from "./targets.js";

const USAGE = `Measures ours beside others, as a table and as JSON.

  npx -y pnpm@12 bench [SUITE…] [OPTIONS]

  --runs N          interleaved runs of each case (default 5)
  --messages N      messages a run (default 10000)
  --warm-up N       messages before, which don't count (default 20000)
  --all             every case, the seldom ones too
  --only TEXT       the cases with this text in their name
  --emulator NAME   fauxqs (default), elasticmq or moto
  --json FILE       writes the rows there, beside what other suites left in it
  --baseline COMMIT measures that commit, too, in turns with this working tree, and tells ratios

Suites: ${Object.keys(suites).join(", ")}.
What each measures and how to read it: bench/README.md.
With BENCH_PROFILE=FOLDER each process that is measured leaves a CPU profile in it.`;

const { values, positionals } = readArguments(
  USAGE,
  {
    allowPositionals: true,
    options: {
      runs: { type: "string", default: "5" },
      messages: { type: "string", default: "10000" },
      "warm-up": { type: "string", default: "20000" },
      all: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      emulator: { type: "string", default: "fauxqs" },
      json: { type: "string" },
      baseline: { type: "string" },
    },
  },
  { runs: 1, messages: 1, "warm-up": 0 },
);

const note = (text: string): void => {
  console.error(`  ${text}`);
};
const chosen = positionals.length > 0 ? positionals : Object.keys(suites);
const unknown = chosen.filter((name) => !(name in suites));
if (unknown.length > 0) {
  console.error(`No suite ${unknown.join(", ")}: there are ${Object.keys(suites).join(", ")}.`);
  process.exit(2);
}
if (!isEmulatorName(values.emulator)) {
  console.error(`No emulator ${values.emulator}: there are fauxqs, elasticmq and moto.`);
  process.exit(2);
}

if (values.baseline !== undefined) {
  const comparisons = await measureAgainstBaseline({
    commit: values.baseline,
    suites: chosen,
    runs: Number(values.runs),
    arguments: [
      ...["--messages", values.messages, "--warm-up", values["warm-up"]],
      ...["--only", values.only, "--emulator", values.emulator],
      ...(values.all ? ["--all"] : []),
    ],
    note,
  });
  console.log(`${comparisonTables(comparisons)}\n`);
  if (values.json !== undefined) await saveComparisons(values.json, comparisons);
  process.exit(0);
}

const options = {
  runs: Number(values.runs),
  messages: Number(values.messages),
  warmUp: Number(values["warm-up"]),
  all: values.all,
  only: values.only,
  emulator: values.emulator,
  note,
};
const measured: Row[] = [];
try {
  for (const name of chosen) {
    console.error(`${name} …`);
    const startedAt = performance.now();
    const rows = (await suites[name]?.(options)) ?? [];
    measured.push(...rows);
    note(`${((performance.now() - startedAt) / 60_000).toFixed(1)} min`);
    console.log(`${toMarkdown(rows)}\n`);
    if (values.json !== undefined) await saveRows(values.json, rows);
  }
} finally {
  await removeBundles();
}
const judged = judgeTargets(measured);
if (judged.length > 0) console.log(targetsTable(judged));
// Some peers keep their connections.
process.exit(0);
