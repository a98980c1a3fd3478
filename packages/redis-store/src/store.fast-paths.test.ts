import type { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { assembleScripts, sources, type ScriptSources } from "./scripts.js";
import { redisStoreWith } from "./store.js";
import { claimOf, digest, leaseOf, startOf } from "./testing/requests.js";
import { givenRedis, type GivenRedis } from "./testing/given-redis.js";

let redis: GivenRedis;
let client: Redis;

beforeAll(async () => {
  redis = await givenRedis();
  client = redis.connect();
});

afterAll(() => redis.stop());

/** Where the fast path is taken, by script, and what never takes it. */
const FAST_PATHS = {
  begin: ["if anEffect or few or bound then", "if true then"],
  settle: ["if another or not effect then", "if true then"],
  complete: ["if another or few or not effect then", "if true then"],
} as const;

/** A clock that stands still makes records of two runs the same bytes. */
const stopped: ScriptSources = {
  ...sources,
  item: sources.item.replace("redis.call('TIME')", "{ '1767225600', '0' }"),
};

const slow = Object.entries(FAST_PATHS).reduce(
  (from, [script, [condition, always]]) => ({
    ...from,
    [script]: from[script as keyof typeof FAST_PATHS].replace(condition, always),
  }),
  stopped,
);

/** What is in Redis after each step of a message's fast path. */
async function footprints(from: ScriptSources, keyPrefix: string): Promise<readonly unknown[]> {
  const scripts = assembleScripts(from);
  const store = redisStoreWith(scripts, { client, keyPrefix });
  const lease = leaseOf(digest("fast path"), "an owner");
  const attempt = { ...lease, effect: "email", attemptNumber: 1 };
  const receipt = { id: "id-1", at: 1_767_225_600_007, via: "provider" } as const;
  const steps: readonly (() => Promise<unknown>)[] = [
    () => store.claim([claimOf(lease.key, lease.owner)]),
    () => store.begin(startOf(lease)),
    () => store.settle(attempt, { status: "accepted", receipt }),
    () => store.complete([lease]),
  ];
  const left: unknown[] = [];
  for (const step of steps) left.push([await step(), await dump(keyPrefix)]);
  return left;
}

async function dump(keyPrefix: string): Promise<unknown> {
  const keys = (await client.keys(`${keyPrefix}*`)).sort();
  return Promise.all(
    keys.map(async (key) => [
      key.slice(keyPrefix.length),
      (await client.dumpBuffer(key)).toString("base64"),
      Math.round((await client.pttl(key)) / 60_000),
    ]),
  );
}

it("leaves the same bytes as the way of all other messages", async () => {
  for (const [script, [condition]] of Object.entries(FAST_PATHS)) {
    expect(sources[script as keyof typeof FAST_PATHS].split(condition)).toHaveLength(2);
  }
  const fast = await footprints(stopped, `${redis.keyPrefix}fast:`);
  expect(fast).toEqual(await footprints(slow, `${redis.keyPrefix}slow:`));
  expect(fast.map((step) => (step as [unknown])[0])).toMatchObject([
    [{ status: "claimed", fence: 1 }],
    "granted",
    "settled",
    ["done"],
  ]);
});
