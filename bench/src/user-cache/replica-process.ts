import type { UserCacheEvent } from "@exactly-once/core/user-cache";
import { setTimeout as sleep } from "node:timers/promises";
import { childInput, tell } from "./child.js";
import { traineeIdOf } from "./formr-pool.js";
import { timeLookups, type LookupTimes } from "./lookup-load.js";
import { inProcess, overHttp, sharedThrough, traineeCache } from "./trainee-cache.js";

/** A replica of a service: a cache that shares its snapshot through Redis. */
export interface ReplicaInput {
  /** Its URL. */
  readonly redis: string;
  readonly prefix: string;
  readonly users: number;
  /** Absent: the users are made up in the process. `none`: a walk is a fault. */
  readonly pool?: { readonly endpoint: string; readonly userPoolId: string } | "none";
  readonly ttlMs?: number;
  readonly leaseMs?: number;
  readonly pollMs?: number;
  /** Looks users up all the time, and tells of every wrong answer. */
  readonly checking?: boolean;
}

export type ReplicaMessage =
  | {
      readonly type: "ready";
      /** From `start()`, the connection to Redis included. */
      readonly tookMs: number;
      readonly origin: string;
      readonly entries: number;
    }
  | { readonly type: "started" }
  | { readonly type: "swapped"; readonly origin: string; readonly entries: number }
  | ({ readonly type: "timed" } & LookupTimes)
  | { readonly type: "checked"; readonly lookups: number }
  | { readonly type: "wrong"; readonly what: string };

/** `refresh`: as the cache's. `refreshTimed`: lookups are timed until the new snapshot serves. */
export type ReplicaCommand = "refresh" | "refreshTimed";

const input = childInput<ReplicaInput>();
let swaps = 0;
const { shared } = sharedThrough(input.redis, input.prefix);
const cache = traineeCache({
  source:
    input.pool === undefined
      ? inProcess(input.users)
      : input.pool === "none"
        ? { pages: () => fault() }
        : overHttp(input.pool.endpoint, input.pool.userPoolId),
  shared,
  ...(input.ttlMs !== undefined && { ttlMs: input.ttlMs, absentTtlMs: 86_400_000 }),
  ...(input.leaseMs !== undefined && { leaseMs: input.leaseMs }),
  ...(input.pollMs !== undefined && { pollMs: input.pollMs }),
  observe: (event) => report(event),
});

const began = performance.now();
cache.start();
await cache.ready();
const tookMs = performance.now() - began;
const { origin = "none", entries } = cache.stats();
tell({
  type: "ready",
  tookMs,
  origin,
  entries,
} satisfies ReplicaMessage);
process.on("message", (command: ReplicaCommand) => {
  cache.refresh();
  if (command === "refreshTimed") {
    void timeLookups(cache, input.users, nextSwap()).then((times) =>
      tell({ type: "timed", ...times } satisfies ReplicaMessage),
    );
  }
});
if (input.checking === true) await checkForEver();

function report(event: UserCacheEvent): void {
  if (event.type === "started") tell({ type: "started" } satisfies ReplicaMessage);
  if (event.type === "swapped") {
    swaps += 1;
    const { origin, entries } = event;
    tell({ type: "swapped", origin, entries } satisfies ReplicaMessage);
  }
}

async function nextSwap(): Promise<void> {
  for (const before = swaps; swaps === before;) await sleep(5);
}

async function checkForEver(): Promise<void> {
  for (let n = 0; ; n += 1) {
    const position = (n * 7_919) % input.users;
    const result = await cache.lookup(traineeIdOf(position));
    const right = result.status === "found" && result.users[0]?.traineeId === traineeIdOf(position);
    if (!right) tell({ type: "wrong", what: `${position} was ${result.status}` });
    if (n % 100 === 99) {
      tell({ type: "checked", lookups: 100 } satisfies ReplicaMessage);
      await sleep(1);
    }
  }
}

function fault(): never {
  throw new Error("this replica was to warm from the shared snapshot, not to walk");
}
