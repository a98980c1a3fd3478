import { describe, expect, it, test } from "vitest";
import { memoryCasPort } from "../testing/memory-cas-port.js";
import { sharedSnapshotSuite } from "../testing/shared-snapshot-suite.js";
import { createVirtualClock } from "../testing/virtual-clock.js";
import { casUserSnapshot } from "./cas-user-snapshot.js";

describe.each(["caller", "store"] as const)("a snapshot on the %s's clock conforms", (clockOf) => {
  sharedSnapshotSuite({
    test,
    factory: async ({ graceMs }) => {
      const clock = createVirtualClock();
      const port = memoryCasPort({ clock, clockOf });
      const shared = casUserSnapshot(port, { name: "pool", graceMs, clock });
      return { shared, elapse: (ms) => clock.advance(ms) };
    },
  });
});

describe("a snapshot in cells", () => {
  const manifest = { format: "test", chunks: 2, entries: 1, users: 1, asOf: 1, completedAt: 2 };

  it("leaves no chunk of what was replaced or abandoned", async () => {
    const clock = createVirtualClock();
    const port = memoryCasPort({ clock });
    const shared = casUserSnapshot(port, { name: "pool", graceMs: 1_000, clock });
    const build = async (owner: string) => {
      const reply = await shared.acquire({ owner, leaseMs: 60_000 });
      if (reply.status !== "granted") throw new Error("busy");
      for (const n of [0, 1]) await shared.write(reply.lease, n, Uint8Array.of(n), 3_600_000);
      return reply.lease;
    };
    for (const owner of ["a", "b", "c"]) {
      await shared.publish(await build(owner), manifest, 3_600_000);
      await clock.advance(2_000);
    }
    await shared.abandon(await build("d"));
    // The last one, and the one before it, which nobody has published over since its time was over.
    const chunks = [...port.cells.keys()].filter((name) => name !== "snapshot/pool");
    expect(chunks.map((name) => name.split("/").at(-1))).toEqual([
      "2-b.0",
      "2-b.1",
      "3-c.0",
      "3-c.1",
    ]);
  });

  it("is one rebuild for all of a cluster", async () => {
    const clock = createVirtualClock();
    const port = memoryCasPort({ clock });
    const replies = await Promise.all(
      ["a", "b", "c"].map((owner) =>
        casUserSnapshot(port, { name: "pool", clock }).acquire({ owner, leaseMs: 1_000 }),
      ),
    );
    expect(replies.filter(({ status }) => status === "granted")).toHaveLength(1);
  });
});
