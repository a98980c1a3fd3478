import { describe, expect, it, test } from "vitest";
import fc from "../../../../scripts/seeded-fast-check.mjs";
import { memoryStore } from "./memory-store.js";
import { storeSuite } from "../testing/store-suite.js";
import { createVirtualClock } from "../testing/virtual-clock.js";

describe("the memory store conforms", () => {
  storeSuite({
    test,
    fc,
    runs: 500,
    factory: async ({ retentionMs, pageSize }) => {
      const clock = createVirtualClock();
      const store = memoryStore({ clock, retentionMs, pageSize });
      return { store, elapse: (ms) => clock.advance(ms) };
    },
    capabilities: {
      durable: false,
      shared: false,
      clock: "store",
      control: true,
      tripwire: true,
      outage: false,
    },
  });
});

describe("the memory store", () => {
  it("frees the memory of what is past its retention", async () => {
    const clock = createVirtualClock();
    const store = memoryStore({ clock, retentionMs: 1_000 });
    const request = {
      keyText: "[]",
      pipeline: "p",
      owner: "a",
      leaseMs: 100,
      messageId: "m",
      fingerprint: "v1:0",
    };
    await store.claim(["one", "two"].map((key) => ({ ...request, key })));
    expect(store.size).toBe(2);
    await clock.advance(1_101);
    await store.claim([{ ...request, key: "three" }]);
    expect(store.size).toBe(1);
  });

  it("lists many that are unknown with one look at each, also while others are settled", async () => {
    const clock = createVirtualClock();
    const store = memoryStore({ clock, pageSize: 10 });
    const keys = Array.from({ length: 300 }, (_, n) => n.toString(16).padStart(32, "0"));
    await store.claim(
      keys.map((key) => ({
        ...{ key, keyText: "[]", pipeline: "p", owner: "a", leaseMs: 100, messageId: key },
        fingerprint: "v1:0",
      })),
    );
    for (const key of keys) {
      await store.begin({
        ...{ key, owner: "a", fence: 1, effect: "email", attemptNumber: 1, fingerprint: "v1:0" },
        ...{ timeoutMs: 50, validityMs: 50 },
      });
    }
    await clock.advance(1_000);
    const listed: string[] = [];
    for (
      let cursor: string | undefined, pages = 0;
      pages === 0 || cursor !== undefined;
      pages += 1
    ) {
      const { items, next } = await store.unresolved(cursor);
      listed.push(...items.map(({ key }) => key));
      const settled = items[0]?.key ?? "";
      const ref = { key: settled, owner: "a", fence: 1, effect: "email", attemptNumber: 1 };
      await store.settle(ref, { status: "rejected", reason: "refused" });
      cursor = next;
    }
    expect(listed).toEqual(keys);
  });
});
