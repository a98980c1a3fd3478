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

/** Where the usual way is taken, by script, and what never takes it. */
const USUAL_WAY = {
  begin: ["if anEffect or few or bound then", "if true then"],
  settle: ["if another or not effect then", "if true then"],
  complete: ["if another or few or not effect then", "if true then"],
} as const;

/** A clock that stands still makes records of two runs the same bytes. */
const stopped: ScriptSources = {
  ...sources,
  item: sources.item.replace("redis.call('TIME')", "{ '1767225600', '0' }"),
};

const roundabout = Object.entries(USUAL_WAY).reduce(
  (from, [script, [condition, always]]) => ({
    ...from,
    [script]: from[script as keyof typeof USUAL_WAY].replace(condition, always),
  }),
  stopped,
);

/** What is in Redis after each step of a message's usual way. */
async function footprints(from: ScriptSources, keyPrefix: string): Promise<readonly unknown[]> {
  const scripts = assembleScripts(from);
  const store = redisStoreWith(scripts, { client, keyPrefix });
  const lease = leaseOf(digest("usual way"), "an owner");
  const attempt = { ...lease, effect: "email", n: 1 };
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
  for (const [script, [condition]] of Object.entries(USUAL_WAY)) {
    expect(sources[script as keyof typeof USUAL_WAY].split(condition)).toHaveLength(2);
  }
  const usual = await footprints(stopped, `${redis.keyPrefix}usual:`);
  expect(usual).toEqual(await footprints(roundabout, `${redis.keyPrefix}roundabout:`));
  expect(usual.map((step) => (step as [unknown])[0])).toMatchObject([
    [{ status: "claimed", fence: 1 }],
    "granted",
    "settled",
    ["done"],
  ]);
});
