import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundledBytes, ownBytes } from "../footprint/bundle.js";
import { importMs, type ModuleSystem } from "../footprint/import-time.js";
import { install, packOurs, uninstall, type Installed } from "../footprint/install.js";
import { versionOf } from "../results.js";
import { summarize, type Row } from "../rows.js";
import { interleaved } from "./interleaved.js";
import type { Suite } from "./suite.js";

interface Contender {
  /** Installed by name; those of a workspace need what they depend on named, too. */
  readonly packages: readonly string[];
  /** Loaded and bundled; default the packages. */
  readonly entries?: readonly string[];
  /** Stands for itself, or does the whole job: consume from SQS and dedupe on Redis. */
  readonly case: "each package" | "SQS and dedupe on Redis";
  /** What a service brings anyway: nothing of it would be left in a bundle. */
  readonly brought?: true;
}

const CORE = "@exactly-once/core";
const SQS = "@exactly-once/sqs-adapter";
const SES = "@exactly-once/ses-adapter";
const REDIS = "@exactly-once/redis-store";
const POWERTOOLS = "@aws-lambda-powertools/idempotency";

const CONTENDERS = {
  core: { case: "each package", packages: [CORE] },
  "sqs-adapter": { case: "each package", packages: [CORE, SQS], entries: [SQS] },
  "ses-adapter": { case: "each package", packages: [CORE, SES], entries: [SES] },
  "redis-store": { case: "each package", packages: [CORE, REDIS], entries: [REDIS] },
  "sqs-consumer": { case: "each package", packages: ["sqs-consumer"] },
  "AWS SDK for SQS": { case: "each package", packages: ["@aws-sdk/client-sqs"], brought: true },
  ours: { case: "SQS and dedupe on Redis", packages: [CORE, SQS, REDIS, "ioredis"] },
  "sqs-consumer + Powertools": {
    case: "SQS and dedupe on Redis",
    packages: ["sqs-consumer", POWERTOOLS, "@redis/client"],
    entries: ["sqs-consumer", POWERTOOLS, `${POWERTOOLS}/cache`, "@redis/client"],
  },
  "message-queue-toolkit": {
    case: "SQS and dedupe on Redis",
    packages: [
      "@message-queue-toolkit/core",
      "@message-queue-toolkit/schemas",
      "@message-queue-toolkit/sqs",
      "@message-queue-toolkit/redis-message-deduplication-store",
      "ioredis",
      "zod",
    ],
  },
} as const satisfies Record<string, Contender>;

type Name = keyof typeof CONTENDERS;
const NAMES = Object.keys(CONTENDERS) as Name[];
const SYSTEMS: readonly ModuleSystem[] = ["ESM", "CommonJS"];

/** What a library adds to a service before it does anything. */
export const footprint: Suite = async ({ runs, only, note }) => {
  const names = NAMES.filter((name) => name.includes(only));
  const tarballs = await mkdtemp(join(tmpdir(), "exactly-once-tarballs-"));
  const installed = new Map<Name, Installed>();
  try {
    note("building and packing");
    const ours = await packOurs(tarballs);
    for (const name of names) {
      note(`installing ${name}`);
      const specs = CONTENDERS[name].packages.map(
        async (each) => ours.get(each) ?? `${each}@${await versionOf(each)}`,
      );
      installed.set(name, await install(await Promise.all(specs)));
    }
    return await measure(names, installed, runs, note);
  } finally {
    await Promise.all([...installed.values()].map(uninstall));
    await rm(tarballs, { recursive: true, force: true });
  }
};

async function measure(
  names: readonly Name[],
  installed: ReadonlyMap<Name, Installed>,
  runs: number,
  note: (text: string) => void,
): Promise<readonly Row[]> {
  const placeOf = (name: Name): Installed => {
    const place = installed.get(name);
    if (!place) throw new Error(`${name} isn't installed.`);
    return place;
  };
  note("import times");
  const times = await interleaved(names, runs, async (name) => {
    const of = new Map<ModuleSystem, number>();
    for (const system of SYSTEMS) {
      of.set(system, await importMs(placeOf(name), entriesOf(name), system));
    }
    return of;
  });
  note("bundles");
  const rows: Row[] = [];
  for (const name of names) {
    const place = placeOf(name);
    const at = { suite: "footprint", case: CONTENDERS[name].case, contender: name };
    if (!isBrought(name)) {
      const own = await ownBytes(place, entriesOf(name));
      const bundled = await bundledBytes(place, entriesOf(name));
      rows.push(
        summarize(at, "own code, minified and gzipped", "kB", [own / 1_000]),
        summarize(at, "bundle without what a service brings", "kB", [bundled / 1_000]),
      );
    }
    rows.push(
      ...SYSTEMS.map((system) => {
        const ms = (times.get(name) ?? []).map((run) => run.get(system) ?? NaN);
        return summarize(at, `import time, ${system}`, "ms", ms);
      }),
      summarize(at, "install size with dependencies", "MB", [place.bytes / 1e6]),
      summarize(at, "packages installed", "1", [place.packages]),
    );
  }
  return rows;
}

function isBrought(name: Name): boolean {
  const { brought }: Contender = CONTENDERS[name];
  return brought === true;
}

function entriesOf(name: Name): readonly string[] {
  const { packages, entries = packages }: Contender = CONTENDERS[name];
  return entries;
}
