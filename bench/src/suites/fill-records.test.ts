import { repliesOf } from "@exactly-once/core/ports";
import { redisStore } from "@exactly-once/redis-store";
import { expect, it } from "vitest";
import { digestOfFilled, FILLED_FINGERPRINT, fillRecords } from "./fill-records.js";
import { withRedis } from "./on-redis.js";

it("fills Redis with records that the store takes for done", async () => {
  await withRedis(async (redis) => {
    const bytes = await fillRecords(redis, 500);
    expect(bytes).toBeGreaterThan(100);
    expect(bytes).toBeLessThan(5_000);
    expect(await redis.connect().dbsize()).toBeGreaterThanOrEqual(501);

    const store = redisStore({ client: redis.connect() });
    const claim = (key: string) =>
      store.claim([
        {
          key,
          keyText: "k",
          pipeline: "work",
          owner: "o",
          leaseMs: 1_000,
          messageId: "m",
          fingerprint: FILLED_FINGERPRINT,
        },
      ]);
    const statuses = await Promise.all(
      [0, 499, 500].map(async (index) => repliesOf(await claim(digestOfFilled(index)))[0]?.status),
    );
    expect(statuses).toEqual(["done", "done", "claimed"]);
  });
});
