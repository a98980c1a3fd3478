import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { firstForm } from "./first-form.js";
import { kills } from "./kills.js";
import { memory } from "./memory.js";
import { eightAndNinth, misses, warming } from "./replicas.js";
import { toMarkdown, type Row } from "./rows.js";

// node scripts/run-ts.mjs bench/src/user-cache/main.ts [CASE…] [--runs N] [--kills N] [--json FILE]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "5" },
    kills: { type: "string", default: "100" },
    json: { type: "string" },
    markdown: { type: "string" },
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

const rows: Row[] = [];
for (const name of chosen) {
  console.error(`${name} …`);
  rows.push(...((await suites[name]?.()) ?? []));
}

const [cpu] = cpus();
const text = [
  `Node ${process.version}, ${cpus().length} × ${cpu?.model ?? "CPU"}, ${new Date().toISOString().slice(0, 10)}`,
  "",
  toMarkdown(rows),
  "",
].join("\n");
console.log(text);
await save(values.json, JSON.stringify(rows, null, 2) + "\n");
await save(values.markdown, text);
// Cognito clients keep their connections.
process.exit(0);

async function save(file: string | undefined, content: string): Promise<void> {
  if (file === undefined) return;
  const path = resolve(process.env["INIT_CWD"] ?? ".", file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}
