import { parseArgs } from "node:util";
import { saveRows } from "../results.js";
import { toMarkdown, type Row } from "../rows.js";
import { firstForm } from "./first-form.js";
import { kills } from "./kills.js";
import { memory } from "./memory.js";
import { eightAndNinth, misses, warming } from "./replicas.js";

// node scripts/run-ts.mjs bench/src/user-cache/main.ts [CASE…] [--runs N] [--kills N] [--json FILE.json]
// Beside FILE.json it writes FILE.md; rows of other cases that are in it stay.

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "5" },
    kills: { type: "string", default: "100" },
    json: { type: "string" },
  },
});
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
