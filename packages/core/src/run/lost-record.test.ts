import { describe, expect, it } from "vitest";
import { rig } from "../consumer/consumer.fixture.js";
import { memoryStore } from "../memory-store/memory-store.js";
import type { DedupeStore } from "../ports/index.js";

describe("a store that forgets everything while a provider is asked", () => {
  it("is told what the process knows, and the email isn't sent again", async () => {
    let current: DedupeStore | undefined;
    const r = rig({
      wrapStore: (store) => {
        current = store;
        return new Proxy(store, {
          get: (_, name: keyof DedupeStore) => (current ?? store)[name],
        });
      },
    });
    r.office.behaviour = (request) => {
      // Every record is gone, as after FLUSHALL.
      if (request === 1) current = memoryStore({ clock: r.clock });
      return undefined;
    };
    const id = r.send("a");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(1_000);
    const [lost] = r.seen("recordLost");
    expect(lost?.messageId).toBe(id);
    expect(lost?.key).toMatch(/^[0-9a-f]{32}$/);
    expect(r.queue.messages()).toEqual([]);
    r.send("a", { id: "a" });
    await r.clock.advance(60_000);
    expect(r.seen("duplicateSuppressed")).toHaveLength(1);
    expect(r.office.accepted).toHaveLength(1);
    await r.clock.run(r.consumer.stop());
  });
});
