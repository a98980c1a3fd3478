import { afterEach, describe, expect, it } from "vitest";
import type { DedupeStore } from "../ports/index.js";
import { rig, type Rig } from "./consumer.fixture.js";

const rigs: Rig[] = [];
afterEach(async () => {
  await Promise.all(rigs.splice(0).map((r) => r.clock.run(r.consumer.stop())));
});

const OF_ANOTHER_VERSION = "v2:00000000000000000000000000000000";

/** A store, with what claims of it bear instead of the content's fingerprint. */
interface Versioned {
  /** What a release claims with first that writes another version than records are bound by. */
  written: string | undefined;
  /** What a release has bound records by that wrote another version. */
  bound: string | undefined;
  readonly claimedWith: string[];
}

/** One message was handled by a release that writes version 1; its copies come to another one. */
async function handled(): Promise<{ readonly r: Rig; readonly versioned: Versioned }> {
  const versioned: Versioned = { written: undefined, bound: undefined, claimedWith: [] };
  const seen = new Set<string>();
  const wrapStore = (store: DedupeStore): DedupeStore => ({
    ...store,
    claim: async (items) => {
      const asked = items.map((item) => {
        const isFirst = !seen.has(item.owner);
        seen.add(item.owner);
        const fingerprint = (isFirst ? versioned.written : undefined) ?? item.fingerprint;
        versioned.claimedWith.push(fingerprint);
        return { ...item, fingerprint };
      });
      const replies = await store.claim(asked);
      return replies.map((reply) =>
        "status" in reply && reply.status === "conflict" && versioned.bound !== undefined
          ? { ...reply, bound: versioned.bound }
          : reply,
      );
    },
  });
  const r = rig({ fifo: false, wrapStore });
  rigs.push(r);
  await r.clock.run(r.consumer.start());
  r.send("hello", { id: "letter" });
  await r.clock.advance(2_000);
  return { r, versioned };
}

describe("a key that is bound by another version of fingerprints", () => {
  it("is known again by the same content, digested in that version", async () => {
    const { r, versioned } = await handled();
    versioned.written = OF_ANOTHER_VERSION;
    r.send("hello", { id: "letter" });
    await r.clock.advance(2_000);
    const [bound] = versioned.claimedWith;
    expect(versioned.claimedWith).toEqual([bound, OF_ANOTHER_VERSION, bound]);
    expect(r.seen("duplicateSuppressed")).toHaveLength(1);
    expect(r.seen("deadLettered")).toEqual([]);
    expect(r.office.accepted).toHaveLength(1);
  });

  it("is a conflict for other content", async () => {
    const { r, versioned } = await handled();
    versioned.written = OF_ANOTHER_VERSION;
    r.send("changed", { id: "letter" });
    await r.clock.advance(2_000);
    expect(versioned.claimedWith).toHaveLength(2);
    expect(r.seen("deadLettered")).toMatchObject([{ code: "conflict" }]);
    expect(r.office.accepted).toHaveLength(1);
  });

  it("is a conflict where this release doesn't know the version", async () => {
    const { r, versioned } = await handled();
    versioned.written = "v1:changed";
    versioned.bound = OF_ANOTHER_VERSION;
    r.send("hello", { id: "letter" });
    await r.clock.advance(2_000);
    expect(r.seen("deadLettered")).toMatchObject([{ code: "conflict" }]);
    expect(r.office.accepted).toHaveLength(1);
  });
});
