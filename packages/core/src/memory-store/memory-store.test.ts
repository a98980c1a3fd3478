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
});
