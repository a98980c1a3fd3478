import { repliesOf } from "@exactly-once/core/ports";
import { notificationKey } from "@exactly-once/core";
import { redisStore } from "@exactly-once/redis-store";
import type { RedisServer } from "@exactly-once/redis-store/testing";
import { createHash, randomUUID } from "node:crypto";

const BATCH = 10_000;

/** What the filled records' content is bound to. */
export const FILLED_FINGERPRINT = `1:${createHash("sha256").update("event").digest("hex")}`;

/**
 * Copies one record under new names. A million records by the store's own calls would take minutes;
 * this takes seconds, and each is, byte for byte, what the store wrote.
 */
const COPY = `
local payload = redis.call("DUMP", KEYS[1])
local ttl = redis.call("PTTL", KEYS[1])
for index = tonumber(ARGV[2]), tonumber(ARGV[3]) do
  local digest = string.sub(redis.sha1hex(tostring(index)), 1, tonumber(ARGV[4]))
  local name = string.gsub(ARGV[1], "DIGEST", digest)
  name = string.gsub(name, "BUCKET", string.sub(digest, 1, 2))
  redis.call("RESTORE", name, ttl, payload)
end`;

/** Fills an empty Redis with done records of one effect each. Resolves with the bytes of one. */
export async function fillRecords(redis: RedisServer, count: number): Promise<number> {
  const client = redis.connect();
  const digest = await writeRecord(redis);
  const name = (await client.keys("*")).find((key) => key.includes(digest));
  if (name === undefined) throw new Error("The store doesn't name its records by their digests.");
  const template = name.replace(digest, "DIGEST").replace(`b${digest.slice(0, 2)}`, "bBUCKET");
  const before = await usedMemory();
  for (let from = 0; from < count; from += BATCH) {
    const until = Math.min(from + BATCH, count) - 1;
    await client.eval(COPY, 1, name, template, from, until, digest.length);
  }
  return ((await usedMemory()) - before) / count;

  async function usedMemory(): Promise<number> {
    return Number(/used_memory:(\d+)/.exec(await client.info("memory"))?.[1]);
  }
}

/** The key under which {@link fillRecords} put its record number `index`. */
export function digestOfFilled(index: number): string {
  const { length } = keyOf().digest;
  return createHash("sha1").update(String(index)).digest("hex").slice(0, length);
}

/** A message's whole way through the store. Resolves with the key's digest. */
async function writeRecord(redis: RedisServer): Promise<string> {
  const store = redisStore({ client: redis.connect() });
  const { digest: key, text: keyText } = keyOf();
  const owner = randomUUID();
  const fingerprint = FILLED_FINGERPRINT;
  const claim = { key, keyText, pipeline: "work", owner, leaseMs: 30_000, messageId: randomUUID() };
  const [claimed] = repliesOf(await store.claim([{ ...claim, fingerprint }]));
  if (claimed?.status !== "claimed") throw new Error("A new record was not claimed.");
  const attempt = { key, effect: "email", owner, fence: claimed.fence, attemptNumber: 1 };
  await store.begin({ ...attempt, timeoutMs: 10_000, validityMs: 300_000, fingerprint });
  const receipt = {
    id: `0100018f${randomUUID()}-000000`,
    at: Date.now(),
    via: "provider",
  } as const;
  await store.settle(attempt, { status: "accepted", receipt });
  const [completed] = repliesOf(await store.complete([{ key, owner, fence: claimed.fence }]));
  if (completed !== "done") throw new Error("The record was not completed.");
  return key;
}

function keyOf() {
  return notificationKey("bench", "work", ["filled"]);
}
