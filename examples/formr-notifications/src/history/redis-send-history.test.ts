import { givenRedis, type GivenRedis } from "@exactly-once/redis-store/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { redisSendHistory } from "./redis-send-history.js";
import { seen, sendHistorySuite, sent } from "./send-history.fixture.js";

const limits = { retentionMs: 60_000, maxPerTrainee: 3 };

let redis: GivenRedis;
let histories = 0;

beforeAll(async () => {
  redis = await givenRedis();
});

afterAll(() => redis.stop());

/** A name in which SCAN's patterns have to be told from text. */
const newPrefix = () => `${redis.keyPrefix}[h*?]${(histories += 1)}`;

sendHistorySuite("Redis", () =>
  redisSendHistory({ client: redis.connect(), prefix: newPrefix(), ...limits }),
);

it("Redis forgets every key after the retention", async () => {
  const prefix = newPrefix();
  const client = redis.connect();
  await redisSendHistory({ client, prefix, ...limits }).add([seen(1), sent(2, "ses-2")]);
  const keys = (await client.keys("*")).filter((key) => key.startsWith(prefix));
  expect(keys).toHaveLength(3);
  for (const key of keys) {
    const leftMs = await client.pttl(key);
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(limits.retentionMs);
  }
});

it("Redis says so when it refuses a write", async () => {
  const prefix = newPrefix();
  const client = redis.connect();
  await client.set(`${prefix}:trainee:47165`, "not a list", "PX", limits.retentionMs);
  const history = redisSendHistory({ client, prefix, ...limits });
  await expect(history.add([seen(1)])).rejects.toThrow(/WRONGTYPE/);
});

it("Redis may answer a write that it took into a broken connection: nothing is told twice", async () => {
  const proxy = await redis.proxy();
  const client = redis.connectVia(proxy);
  await client.ping();
  const prefix = newPrefix();
  const history = redisSendHistory({ client, prefix, ...limits });
  proxy.holdReplies();
  const written = history.add([seen(1), sent(1, "ses-1")]);
  const direct = redisSendHistory({ client: redis.connect(), prefix, ...limits });
  const pageOf = () => direct.page("47165", { limit: 10 });
  await expect.poll(async () => (await pageOf()).notifications.length).toBe(1);
  const before = await pageOf();
  proxy.cut();
  proxy.release();
  await written;
  expect(await pageOf()).toEqual(before);
});
