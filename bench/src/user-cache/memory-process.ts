import { jsonCodec } from "@exactly-once/core/user-cache";
import { childInput, tell } from "./child.js";
import { traineeAccountCodec, traineeIdOf, type TraineeAccount } from "./formr-pool.js";
import { inProcess, traineeCache } from "./trainee-cache.js";

export type Contender = "fieldsCodec" | "jsonCodec" | "Map of objects";

export interface MemoryInput {
  readonly contender: Contender;
  readonly users: number;
}

export interface MemoryMessage {
  /** Live memory after a collection, heap and buffers, per user. */
  readonly steadyBytes: number;
  /** The most live memory at any sampled moment of a rebuild, per user. */
  readonly rebuildBytes: number;
  /** What the process takes more than before, per user. */
  readonly steadyRssBytes: number;
  readonly rebuildRssBytes: number;
  readonly lookupNs: number;
}

/** Collections while the second snapshot is being built, each with a sample. */
const SAMPLES = 20;
const LOOKUPS = 200_000;

const { contender, users } = childInput<MemoryInput>();
const collect = (globalThis as { gc?: () => void }).gc;
if (collect === undefined) throw new Error("start this process with --expose-gc");
const source = inProcess(users);
let sampling = false;
let most = 0;
let mostRss = 0;

const before = sample();
tell(await (contender === "Map of objects" ? measureMap() : measureCache()));

async function measureCache(): Promise<MemoryMessage> {
  let pages = 0;
  let swaps = 0;
  const every = Math.ceil(users / 60 / SAMPLES);
  const cache = traineeCache({
    source,
    codec: contender === "jsonCodec" ? jsonCodec<TraineeAccount>() : traineeAccountCodec,
    observe(event) {
      if (event.type === "swapped") swaps += 1;
      if (event.type === "page" && sampling && ++pages % every === 0) sample();
    },
  });
  cache.start();
  await cache.ready();
  const steady = sample();
  const lookupNs = await time(async (id) => (await cache.lookup(id)).status === "found");
  sampling = true;
  most = mostRss = 0;
  cache.refresh();
  while (swaps < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  const result = figures(steady, lookupNs);
  await cache.stop();
  return result;
}

async function measureMap(): Promise<MemoryMessage> {
  let map = await fill();
  const steady = sample();
  const lookupNs = await time((id) => Promise.resolve(map.get(id) !== undefined));
  most = mostRss = 0;
  const next = await fill();
  sample();
  const result = figures(steady, lookupNs);
  map = next;
  return result;
}

async function fill(): Promise<Map<string, TraineeAccount[]>> {
  const map = new Map<string, TraineeAccount[]>();
  for await (const page of source.pages({ signal: new AbortController().signal })) {
    for (const user of page.users) map.set(user.traineeId ?? "", [user]);
  }
  return map;
}

function sample(): { readonly live: number; readonly rss: number } {
  collect?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const live = heapUsed + external;
  most = Math.max(most, live);
  mostRss = Math.max(mostRss, rss);
  return { live, rss };
}

function figures(steady: { live: number; rss: number }, lookupNs: number): MemoryMessage {
  return {
    steadyBytes: (steady.live - before.live) / users,
    rebuildBytes: (most - before.live) / users,
    steadyRssBytes: (steady.rss - before.rss) / users,
    rebuildRssBytes: (mostRss - before.rss) / users,
    lookupNs,
  };
}

async function time(look: (id: string) => Promise<boolean>): Promise<number> {
  const ids = Array.from({ length: LOOKUPS }, (_, n) => traineeIdOf((n * 7_919) % users));
  const began = performance.now();
  for (const id of ids) if (!(await look(id))) throw new Error(`${id} was not found`);
  return ((performance.now() - began) * 1e6) / LOOKUPS;
}
