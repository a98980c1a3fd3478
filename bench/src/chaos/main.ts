import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { readArguments } from "../arguments.js";
import { killAndStop, type ChaosResult } from "./kill-and-stop.js";
import { STORE_KINDS, type StoreKind } from "./store-server.js";
import { storeOutage, type OutageResult } from "./store-outage.js";

const USAGE = `Real processes killed, stopped and restarted: replicas of a service, one store, one SQS, one SES.
Ends with 1 where an email was accepted twice or an event was lost, also after an operator resolved
what was listed.

  node scripts/run-ts.mjs bench/src/chaos/main.ts [OPTIONS]

  --store KIND       redis (default) or postgres
  --runs N           runs (default 1)
  --events N         events a run (default 2000)
  --replicas N       of the service (default 4)
  --outage SECONDS   of the store, in a run of its own after the others; 0 for none (default 30)
  --json FILE        writes the figures there`;

const { values } = readArguments(
  USAGE,
  {
    options: {
      store: { type: "string", default: "redis" },
      runs: { type: "string", default: "1" },
      events: { type: "string", default: "2000" },
      replicas: { type: "string", default: "4" },
      outage: { type: "string", default: "30" },
      json: { type: "string" },
    },
  },
  { runs: 0, events: 1, replicas: 1, outage: 0 },
);
const events = Number(values.events);
const storeKind = kindOf(values.store);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const chaos: ChaosResult[] = [];
const outage: OutageResult[] = [];
for (let run = 1; run <= Number(values.runs); run += 1) {
  const result = await killAndStop({
    storeKind,
    events,
    replicas: Number(values.replicas),
    storeRestarts: 3,
  });
  console.log(`run ${run}: ${JSON.stringify(result)}`);
  chaos.push(result);
  await save();
}
if (Number(values.outage) > 0) {
  const result = await storeOutage(storeKind, Math.min(events, 300), Number(values.outage));
  console.log(`outage: ${JSON.stringify(result)}`);
  outage.push(result);
  await save();
}
const counts = [...chaos, ...chaos.map(({ resolved }) => resolved), ...outage];
const isBad = counts.some(({ duplicates, lost }) => duplicates > 0 || lost > 0);
const isLeft = chaos.some(({ resolved }) => resolved.unresolved > 0 || resolved.leftOnQueues > 0);
process.exitCode = isBad || isLeft ? 1 : 0;

/** After each run, since all of them take long. */
async function save(): Promise<void> {
  if (values.json === undefined) return;
  const path = resolve(process.env["INIT_CWD"] ?? ".", values.json);
  await writeFile(path, `${JSON.stringify({ store: storeKind, chaos, outage }, null, 2)}\n`);
}

function kindOf(text: string): StoreKind {
  const kind = STORE_KINDS.find((known) => known === text);
  if (kind !== undefined) return kind;
  console.error(USAGE);
  process.exit(1);
}
