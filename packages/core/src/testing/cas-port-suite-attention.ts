import assert from "node:assert/strict";

import type { PortRow, PortTools } from "./cas-port-suite-tools.js";

/** The index of what may need attention. */
export function attentionRows(row: PortRow): void {
  row("lists nothing where nothing needs attention", async (tools) => {
    await tools.put("a");
    assert.deepEqual(await listed(tools), []);
  });

  row("lists what needs attention by time, then by name", async (tools) => {
    await tools.put("late", { attentionAt: 2_000 });
    await tools.put("b", { attentionAt: 1_000 });
    await tools.put("B", { attentionAt: 1_000 });
    await tools.put("a", { attentionAt: 1_000 });
    await tools.put("early", { attentionAt: 999 });
    assert.deepEqual(await listed(tools), ["early", "B", "a", "b", "late"]);
  });

  row("follows each write: moved, taken out, deleted", async (tools) => {
    const cells = new Map<string, string>();
    for (const [i, name] of ["moved", "out", "gone", "same"].entries()) {
      cells.set(name, (await tools.put(name, { attentionAt: 1_000 + i })).revision);
    }
    await tools.put("moved", { expected: cells.get("moved"), attentionAt: 5_000 });
    await tools.put("out", { expected: cells.get("out") });
    await tools.put("gone", { expected: cells.get("gone"), value: null });
    assert.deepEqual(await listed(tools), ["same", "moved"]);
  });

  row("keeps its entry where a write is refused", async (tools) => {
    await tools.put("a", { attentionAt: 1_000 });
    await tools.write(tools.item("a", { expected: "never" }));
    assert.deepEqual(await listed(tools), ["a"]);
  });

  row("pages through many, each once, though those shown are settled meanwhile", async (tools) => {
    const { port, signal } = tools;
    const revisions = new Map<string, string>();
    for (let i = 0; i < PAGED; i += 1) {
      const name = `cell${String((i * 7) % PAGED).padStart(2, "0")}`;
      // Several of the same time, so that a page ends among them.
      const { revision } = await tools.put(name, { attentionAt: 1_000 + Math.floor(i / 6) });
      revisions.set(name, revision);
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await port.attention(cursor, 5, signal);
      assert.ok(page.names.length <= 5, "no more than asked for");
      seen.push(...page.names);
      for (const name of page.names.slice(0, 3)) {
        await tools.put(name, { expected: revisions.get(name) });
      }
      cursor = page.next;
      pages += 1;
      assert.ok(pages <= PAGED, "pages end");
    } while (cursor !== undefined);
    assert.equal(seen.length, PAGED);
    assert.equal(new Set(seen).size, PAGED);
  });

  row("takes in a cell as it stands, without touching it", async (tools) => {
    const { port, fixture, signal, unitMs } = tools;
    const expiresAt = (await fixture.now()) + 10 * unitMs;
    const cell = await tools.put("a", { expiresAt });
    await port.attend("a", 3_000, signal);
    assert.deepEqual(await listed(tools), ["a"]);
    assert.deepEqual(await tools.read("a"), cell);
    await tools.put("a", { expected: cell.revision });
    assert.deepEqual(await listed(tools), []);
  });

  row("takes in nothing that is absent, and moves nothing that is in", async (tools) => {
    const { port, signal } = tools;
    await port.attend("none", 1_000, signal);
    await tools.put("a", { attentionAt: 1_000 });
    await tools.put("b", { attentionAt: 2_000 });
    await port.attend("a", 3_000, signal);
    assert.deepEqual(await listed(tools), ["a", "b"]);
    assert.equal(await tools.read("none"), undefined);
  });
}

const PAGED = 23;

async function listed({ port, signal }: PortTools): Promise<string[]> {
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await port.attention(cursor, 100, signal);
    names.push(...page.names);
    cursor = page.next;
  } while (cursor !== undefined);
  return names;
}
