import assert from "node:assert/strict";

import type { PortRow, PortTools } from "./cas-port-suite-tools.js";

/** What ends with time: cells past their expiry, leases. */
export function endingRows(row: PortRow): void {
  row("keeps what is past its time until the database deletes it", async (tools) => {
    const { fixture, unitMs } = tools;
    const cell = await tools.put("a", { expiresAt: (await fixture.now()) - unitMs });
    assert.deepEqual(await tools.read("a"), cell);
    assert.equal(await tools.write(tools.item("a")), "refused");
    await tools.put("a", { expected: cell.revision });
  });

  row("deletes what is past its time, and nothing else", async (tools) => {
    const { fixture, unitMs } = tools;
    const now = await fixture.now();
    await tools.put("past", { expiresAt: now + unitMs, attentionAt: 1 });
    await tools.put("later", { expiresAt: now + 10 * unitMs });
    await tools.put("never");
    const { revision } = await tools.put("renewed", { expiresAt: now + unitMs });
    await tools.put("renewed", { expected: revision, expiresAt: now + 10 * unitMs });
    const kept = await tools.put("kept", { expiresAt: now + unitMs });
    await tools.put("kept", { expected: kept.revision });
    await fixture.elapse(3 * unitMs);
    await deleteExpired(tools);
    const names = ["past", "later", "never", "renewed", "kept"];
    const standing = await Promise.all(names.map((name) => tools.read(name)));
    assert.deepEqual(
      names.filter((_, i) => standing[i] !== undefined),
      ["later", "never", "renewed", "kept"],
    );
    await tools.put("past");
  });

  row("deletes no more at a time than it is told", async (tools) => {
    const { port, fixture, signal } = tools;
    if (port.deleteExpired === undefined) return;
    const expiresAt = (await fixture.now()) - tools.unitMs;
    for (let i = 0; i < 5; i += 1) await tools.put(`cell${i}`, { expiresAt });
    assert.equal(await port.deleteExpired(3, signal), 3);
    assert.equal(await port.deleteExpired(3, signal), 2);
    assert.equal(await port.deleteExpired(3, signal), 0);
  });

  row("writes under a lease that is live by its own clock, and refuses after it", async (tools) => {
    const { port, fixture, unitMs } = tools;
    const over = { liveUntil: (await fixture.now()) - unitMs };
    if (port.clock === "caller") {
      await tools.put("a", over);
      return;
    }
    assert.equal(await tools.write(tools.item("a", over)), "refused");
    const { revision } = await tools.put("a", { liveUntil: (await fixture.now()) + unitMs });
    const late = tools.item("a", {
      expected: revision,
      liveUntil: (await fixture.now()) + unitMs,
      value: "late",
    });
    await fixture.elapse(2 * unitMs);
    assert.equal(await tools.write(late), "refused");
    assert.equal((await tools.read("a"))?.revision, revision);
  });
}

async function deleteExpired({ port, fixture, signal }: PortTools): Promise<void> {
  if (port.deleteExpired) await port.deleteExpired(1_000, signal);
  else await fixture.deleteExpired?.();
}
