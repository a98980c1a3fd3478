import { afterAll, beforeAll, expect, it } from "vitest";
import { redisStore } from "./store.js";
import { givenRedis, type GivenRedis } from "./testing/given-redis.js";
import { claimOf, digest } from "./testing/requests.js";

const RACERS = 200;
const KEYS = 1_000;
const BATCH = 10;

let redis: GivenRedis;
beforeAll(async () => {
  redis = await givenRedis();
});
afterAll(() => redis.stop());

it(`lets one of ${RACERS} racing connections win each of ${KEYS} keys`, async () => {
  const { keyPrefix } = redis;
  const keys = Array.from({ length: KEYS }, (_, i) => digest(`key ${i}`));
  const wins = new Map<string, string[]>(keys.map((key) => [key, []]));

  async function race(racer: number): Promise<void> {
    const client = redis.connect();
    const store = redisStore({ client, keyPrefix, commandTimeoutMs: 60_000 });
    // Each starts elsewhere, so that the winners differ.
    const from = (racer * 37) % KEYS;
    const order = [...keys.slice(from), ...keys.slice(0, from)];
    for (let i = 0; i < KEYS; i += BATCH) {
      const batch = order.slice(i, i + BATCH);
      const replies = await store.claim(batch.map((key) => claimOf(key, `racer${racer}`, 600_000)));
      replies.forEach(({ status }, at) => {
        if (status === "claimed") wins.get(batch[at] ?? "")?.push(`racer${racer}`);
        else expect(status).toBe("busy");
      });
    }
    client.disconnect();
  }

  await Promise.all(Array.from({ length: RACERS }, (_, racer) => race(racer)));
  const winners = [...wins.values()];
  expect(winners.filter((each) => each.length !== 1)).toEqual([]);
  expect(new Set(winners.flat()).size).toBeGreaterThan(10);
}, 300_000);
