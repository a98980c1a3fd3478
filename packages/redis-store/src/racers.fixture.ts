import { repliesOf } from "@exactly-once/core/ports";
import { expect } from "vitest";
import { redisStore } from "./store.js";
import type { GivenRedis } from "./testing/given-redis.js";
import { claimOf, digest } from "./testing/requests.js";

const BATCH = 10;

export interface Race {
  /** Each with a connection of its own. */
  readonly racers: number;
  /** A multiple of ten; each racer claims all of them. */
  readonly keys: number;
}

/** Has every racer claim every key, and answers the winners of each key. */
export async function race({ keyPrefix, connect }: GivenRedis, options: Race): Promise<string[][]> {
  const keys = Array.from({ length: options.keys }, (_, i) => digest(`key ${i}`));
  const wins = new Map<string, string[]>(keys.map((key) => [key, []]));

  async function run(racer: number): Promise<void> {
    const client = connect();
    const store = redisStore({ client, keyPrefix, commandTimeoutMs: 60_000 });
    // Each starts elsewhere, so that the winners differ.
    const from = (racer * 37) % keys.length;
    const order = [...keys.slice(from), ...keys.slice(0, from)];
    for (let i = 0; i < order.length; i += BATCH) {
      const batch = order.slice(i, i + BATCH);
      const replies = repliesOf(
        await store.claim(batch.map((key) => claimOf(key, `racer${racer}`, 600_000))),
      );
      replies.forEach(({ status }, at) => {
        if (status === "claimed") wins.get(batch[at] ?? "")?.push(`racer${racer}`);
        else expect(status).toBe("busy");
      });
    }
    client.disconnect();
  }

  await Promise.all(Array.from({ length: options.racers }, (_, racer) => run(racer)));
  return [...wins.values()];
}
