import { describe, expect, it } from "vitest";
import { costOnRedis, parseCost, redisRows, withRedis } from "./on-redis.js";

const INFO = [
  "used_cpu_sys:1.500000",
  "used_cpu_user:2.250000",
  "used_cpu_sys_children:7.000000",
  "used_cpu_sys_main_thread:1.400000",
  "cmdstat_evalsha:calls=10,usec=99,usec_per_call=9.9",
  "cmdstat_hset:calls=32,usec=1,usec_per_call=1",
  "cmdstat_info:calls=5,usec=1,usec_per_call=1",
].join("\r\n");

describe("what Redis had to do", () => {
  it("is read from its statistics: each command, and the CPU time of the server alone", () => {
    expect(parseCost(INFO)).toEqual({ commands: 42, redisCpuMs: 3_750 });
  });

  it("counts what was done meanwhile on a real server, inside scripts too", async () => {
    const { commands } = await withRedis((redis) =>
      costOnRedis(redis, async () => {
        const client = redis.connect({ enableReadyCheck: false });
        await client.eval('redis.call("SET", "a", "1") redis.call("GET", "a")', 0);
        return {};
      }),
    );
    // The script and two commands in it; a connection may introduce itself as well.
    expect(commands).toBeGreaterThanOrEqual(3);
    expect(commands).toBeLessThanOrEqual(6);
  });

  it("is told per message, those of the warm-up among them", () => {
    const run = { messages: 30, warmUp: 10, commands: 80, redisCpuMs: 4 };
    const name = { suite: "s", case: "c", contender: "ours" };
    const rows = redisRows(name, [run]);
    expect(rows.map(({ median, unit }) => `${median} ${unit}`)).toEqual(["2 1", "100 µs"]);
  });
});
