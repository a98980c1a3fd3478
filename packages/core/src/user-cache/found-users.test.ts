import { describe, expect, it } from "vitest";

import { createVirtualClock } from "../testing/virtual-clock.js";
import { createFoundUsers } from "./found-users.js";

describe("users found one by one", () => {
  it("are kept up to a number, the latest of them", async () => {
    const clock = createVirtualClock();
    const found = createFoundUsers<string>({
      find: async (id) => [id],
      clock,
      observe: () => undefined,
      timeoutMs: 1_000,
      ttlMs: 60_000,
    });
    for (let n = 0; n <= 10_000; n += 1) await found.ask(`${n}`, 1_000);
    expect(found.get("0")).toBeUndefined();
    expect(found.get("1")).toMatchObject({ users: ["1"] });
    expect(found.get("10000")).toMatchObject({ users: ["10000"] });
  });

  it("are asked for no longer than the caller waits, and are there later", async () => {
    const clock = createVirtualClock();
    const found = createFoundUsers<string>({
      find: async (id) => {
        await clock.sleep(500);
        return [id];
      },
      clock,
      observe: () => undefined,
      timeoutMs: 1_000,
      ttlMs: 60_000,
    });
    expect(await clock.run(found.ask("a", 100))).toBeUndefined();
    await clock.advance(400);
    expect(found.get("a")).toMatchObject({ users: ["a"] });
  });

  it("are given up when the source hangs", async () => {
    const clock = createVirtualClock();
    const errors: unknown[] = [];
    const found = createFoundUsers<string>({
      find: () => new Promise(() => undefined),
      clock,
      observe: (event) => event.type === "findFailed" && errors.push(event.error),
      timeoutMs: 1_000,
      ttlMs: 60_000,
    });
    expect(await clock.run(found.ask("a", 5_000))).toBeUndefined();
    expect(clock.monotonic()).toBe(1_000);
    expect(String(errors[0])).toContain("1000 ms");
  });
});
