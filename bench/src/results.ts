import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus, loadavg } from "node:os";
import { dirname, resolve } from "node:path";
import { comparisonTables, type Comparison } from "./baseline/compare.js";
import { mergeRows, toMarkdown, type Row } from "./rows.js";
import { judgeTargets, targetsTable } from "./targets.js";

const PEERS = [
  "sqs-consumer",
  "@aws-lambda-powertools/idempotency",
  "@message-queue-toolkit/sqs",
  "@aws-sdk/client-sqs",
  "fauxqs",
  "ioredis",
] as const;

export function today(): string {
  return new Date().toISOString().slice(0, 10);
}

/** Date, machine, load and versions: what a figure means nothing without. */
export async function circumstances(): Promise<string> {
  const [cpu] = cpus();
  const versions = await Promise.all(PEERS.map(async (name) => `${name} ${await versionOf(name)}`));
  const load = loadavg()[0]?.toFixed(1) ?? "?";
  return `${today()}, Node ${process.version}, ${cpus().length} × ${cpu?.model ?? "CPU"}, load average ${load}; ${versions.join(", ")}`;
}

/** Writes FILE.json and FILE.md; rows of other cases that are in it stay. */
export async function saveRows(file: string, rows: readonly Row[]): Promise<void> {
  const path = resolve(process.env["INIT_CWD"] ?? ".", file);
  const date = today();
  const all = mergeRows(
    await readRows(path),
    rows.map((row) => ({ ...row, date })),
  );
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(all, null, 2)}\n`);
  const judged = judgeTargets(all);
  const parts = [
    `Last run: ${await circumstances()}.`,
    ...(judged.length > 0 ? [`### Targets\n\n${targetsTable(judged)}`] : []),
    toMarkdown(all),
  ];
  await writeFile(path.replace(/\.json$/, ".md"), `${parts.join("\n\n")}\n`);
}

/** Writes FILE.json and FILE.md anew: comparisons of two commits say nothing beside those of others. */
export async function saveComparisons(
  file: string,
  comparisons: readonly Comparison[],
): Promise<void> {
  const path = resolve(process.env["INIT_CWD"] ?? ".", file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(comparisons, null, 2)}\n`);
  const parts = [`Last run: ${await circumstances()}.`, comparisonTables(comparisons)];
  await writeFile(path.replace(/\.json$/, ".md"), `${parts.join("\n\n")}\n`);
}

async function readRows(path: string): Promise<readonly Row[]> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as readonly Row[];
  } catch {
    return [];
  }
}

/** The version that this package got. */
export async function versionOf(name: string): Promise<string> {
  const require = createRequire(import.meta.url);
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const text = await readFile(`${folder}/${name}/package.json`, "utf8");
      return (JSON.parse(text) as { readonly version: string }).version;
    } catch {
      // Not in this folder.
    }
  }
  return "?";
}
