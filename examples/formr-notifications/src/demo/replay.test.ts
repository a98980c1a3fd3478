import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { nodeTsArgs } from "../../../../scripts/node-ts-args.mjs";
import { tally } from "./counting.js";
import { expectedEmails } from "./expected-emails.js";
import { replay } from "./replay.js";
import type { Side } from "./services.js";
import { createWorkload } from "./workload.js";

const USERS = 600;
const PAGES = USERS / 60;
const SEED = 1;
/** Of one workload, those at the end of the pool, all at once: a walk finds them last. */
const workload = createWorkload({ seed: SEED, users: USERS })
  .filter(({ user }) => user >= USERS * 0.9)
  .map((event, index) => ({ ...event, atMs: index }));

const run = promisify(execFile);

/** What the operator's tool says of the same mailbox, by itself. */
async function audit(pages: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), "audit-"));
  try {
    const file = join(folder, "mailbox.jsonl");
    await writeFile(file, pages.join("\n"));
    const manifest = createRequire(import.meta.url).resolve("@exactly-once/cli/package.json");
    const tool = join(dirname(manifest), "src", "main.ts");
    const args = [...nodeTsArgs, tool, "audit", file, "--json"];
    const { stdout } = await run(process.execPath, args);
    return audited.parse(JSON.parse(stdout));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const counts = z.object({ recipients2: z.number(), recipients3: z.number(), most: z.number() });
const audited = z.object({
  exact: z.boolean(),
  same: z.object({ definitely: counts, atMost: counts }),
  received: counts,
});

async function play(side: Side, walkMs: number) {
  const stack = { users: USERS, poolSeed: SEED, pageLatencyMs: walkMs / PAGES };
  const result = await replay({ side, workload, stack, onProgress: () => undefined });
  const outcome = tally(
    expectedEmails(workload, { users: USERS, seed: SEED }),
    result.emails,
    result.observations,
  );
  const { doctors2, doctors3, max, received2, received3, receivedMax } = outcome.figures;
  const same = { recipients2: doctors2, recipients3: doctors3, most: max };
  const received = { recipients2: received2, recipients3: received3, most: receivedMax };
  const byTheDemo = { exact: true, same: { definitely: same, atMost: same }, received };
  return { ...outcome, byTheDemo, byTheAudit: await audit(result.pages) };
}

// Real processes on a real clock: the walk is longer than the queue's visibility, which is 3 s.
describe("a small replay", { timeout: 180_000 }, () => {
  it("has the naive service send copies", async () => {
    const { figures, exactlyOnce, byTheAudit, byTheDemo } = await play("naive", 5_000);
    expect(byTheAudit).toEqual(byTheDemo);
    expect(exactlyOnce).toBe(false);
    expect(figures.doctors2).toBeGreaterThan(0);
    expect(figures.missing).toBe(0);
  });

  it("has ours send each email exactly once", async () => {
    const { figures, exactlyOnce, unexpected, byTheAudit } = await play("ours", 5_000);
    expect(byTheAudit.same.definitely).toMatchObject({ recipients2: 0, recipients3: 0 });
    expect({ ...figures, unexpected }).toMatchObject({
      missing: 0,
      max: 1,
      unexpected: 0,
      held: 0,
    });
    expect(exactlyOnce).toBe(true);
  });
});
