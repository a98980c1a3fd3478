import { readArguments } from "../arguments.js";
import { saveRows } from "../results.js";
import { toMarkdown, type Row } from "../rows.js";
import { firstForm } from "./first-form.js";
import { kills } from "./kills.js";
import { memory } from "./memory.js";
import { eightAndNinth, misses, warming } from "./replicas.js";

const USAGE = `Measures the user cache.

  node scripts/run-ts.mjs bench/src/user-cache/main.ts [CASE…] [OPTIONS]

  --runs N           runs of each case (default 5)
  --kills N          processes killed in the case "kills" (default 100)
  --json FILE.json   writes the rows there and FILE.md beside; rows of other cases stay

Cases: misses, replicas, warming, memory, first-form, kills.`;

const { values, positionals } = readArguments(
  USAGE,
  {
    allowPositionals: true,
    options: {
      runs: { type: "string", default: "5" },
      kills: { type: "string", default: "100" },
      json: { type: "string" },
    },
  },
  { runs: 1, kills: 1 },
);
const runs = Number(values.runs);

const suites: Record<string, () => Promise<Row[]>> = {
  misses: () => misses({ runs }),
  replicas: () => eightAndNinth({ users: 60_000, runs }),
  warming: () => warming({ users: 1_000_000, runs }),
  memory: () => memory({ users: 1_000_000, runs }),
  // Each run walks the pool twice at 100 ms a page: three and a half minutes.
  "first-form": () => firstForm({ users: 60_000, pageLatencyMs: 100, runs: Math.min(runs, 3) }),
  kills: () =>
    kills({
      kills: Number(values.kills),
      onKill: (done) => done % 10 === 0 && console.error(`  ${done} kills`),
    }),
};

const chosen = positionals.length > 0 ? positionals : Object.keys(suites);
const unknown = chosen.filter((name) => !(name in suites));
if (unknown.length > 0) {
  console.error(`no case ${unknown.join(", ")}; there are ${Object.keys(suites).join(", ")}`);
  process.exit(2);
}

for (const name of chosen) {
  console.error(`${name} …`);
  const rows = (await suites[name]?.()) ?? [];
  console.log(`${toMarkdown(rows)}\n`);
  if (values.json !== undefined) await saveRows(values.json, rows);
}
// Cognito clients keep their connections.
process.exit(0);
