import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { bundlePrograms } from "../../../../scripts/bundle-programs.mjs";
import { tally } from "./counting.js";
import { expectedEmails } from "./expected-emails.js";
import { replay } from "./replay.js";
import { services, type Side } from "./services.js";
import type { WorkloadEvent } from "./workload.js";

const PAGE_SIZE = 60;

/** The programs of a replay, and the operator's tool. */
export type Programs = Awaited<ReturnType<typeof bundleReplay>>;

export async function bundleReplay() {
  const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  const files = ["./stack-main.ts", services.naive.file, services.ours.file] as const;
  const manifest = createRequire(import.meta.url).resolve("@exactly-once/cli/package.json");
  const { programs, remove } = await bundlePrograms(here("../.."), {
    stack: here(files[0]),
    naive: here(files[1]),
    ours: here(files[2]),
    tool: join(dirname(manifest), "src", "main.ts"),
  });
  const { stack, naive, ours, tool } = programs;
  const bundles = { [files[0]]: stack, [files[1]]: naive, [files[2]]: ours };
  return { bundles, tool, remove };
}

export interface Play {
  readonly programs: Programs;
  readonly side: Side;
  readonly seed: number;
  readonly users: number;
  readonly workload: readonly WorkloadEvent[];
  /** How long a walk of the pool takes, in the replay's time. */
  readonly walkMs: number;
}

/** Replays the workload and counts the mailbox twice: by the demo, and by the operator's tool. */
export async function play({ programs, side, seed, users, workload, walkMs }: Play) {
  const pageLatencyMs = walkMs / Math.ceil(users / PAGE_SIZE);
  const stack = { users, poolSeed: seed, pageLatencyMs };
  const result = await replay({
    ...{ side, workload, stack, bundles: programs.bundles },
    onProgress: () => undefined,
  });
  const outcome = tally(
    expectedEmails(workload, { users, seed }),
    result.emails,
    result.observations,
  );
  const { doctors2, doctors3, max, received2, received3, receivedMax } = outcome.figures;
  const same = { recipients2: doctors2, recipients3: doctors3, most: max };
  const received = { recipients2: received2, recipients3: received3, most: receivedMax };
  const byTheDemo = { exact: true, same: { definitely: same, atMost: same }, received };
  return { ...outcome, byTheDemo, byTheAudit: await audit(programs.tool, result.pages) };
}

const run = promisify(execFile);
const counts = z.object({ recipients2: z.number(), recipients3: z.number(), most: z.number() });
const audited = z.object({
  exact: z.boolean(),
  same: z.object({ definitely: counts, atMost: counts }),
  received: counts,
});

/** What the operator's tool says of the same mailbox, by itself. */
async function audit(tool: string, pages: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), "audit-"));
  try {
    const file = join(folder, "mailbox.jsonl");
    await writeFile(file, pages.join("\n"));
    const { stdout } = await run(process.execPath, [tool, "audit", file, "--json"]);
    return audited.parse(JSON.parse(stdout));
  } finally {
    await rm(folder, { recursive: true });
  }
}
