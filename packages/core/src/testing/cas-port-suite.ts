import assert from "node:assert/strict";

import { attentionRows } from "./cas-port-suite-attention.js";
import { endingRows } from "./cas-port-suite-endings.js";
import { portTools, repliesOf, type CasPortFixture, type PortRow } from "./cas-port-suite-tools.js";

export type { CasPortFixture } from "./cas-port-suite-tools.js";

/** What the suite runs with. */
export interface CasPortSuiteOptions {
  /** The `test` of any runner: vitest, node:test, jest. */
  readonly test: (name: string, body: () => Promise<void>) => unknown;
  /** Makes what one test runs on. */
  readonly factory: () => Promise<CasPortFixture>;
  /**
   * The shortest time in ms that tests may rely on: that between two operations must not come near
   * it. Default 60,000; for a database that really waits, some 200.
   */
  readonly unitMs?: number | undefined;
}

/**
 * Conformance of a `CasPort`: what `casStore` takes for granted of a database. A port that passes, and
 * whose `casStore` passes `storeSuite`, makes a store.
 */
export function casPortSuite(options: CasPortSuiteOptions): void {
  const { test, factory, unitMs = 60_000 } = options;
  const row: PortRow = (name, body) => {
    test(name, async () => {
      const fixture = await factory();
      try {
        await body(portTools(fixture, unitMs));
      } finally {
        await fixture.close?.();
      }
    });
  };
  conditionRows(row);
  batchRows(row);
  contentRows(row);
  endingRows(row);
  attentionRows(row);
  outageRows(row);
}

function conditionRows(row: PortRow): void {
  row(
    "isolates: what one fixture writes another doesn't see, and nothing stands",
    async (tools) => {
      assert.equal(await tools.read("fresh"), undefined);
      await tools.put("fresh");
    },
  );

  row("writes where nothing has to stand, and refuses where something does", async (tools) => {
    const first = await tools.put("a");
    assert.equal(await tools.write(tools.item("a")), "refused");
    assert.deepEqual(await tools.read("a"), first);
  });

  row("replaces what stands with the revision, and refuses with any other", async (tools) => {
    const first = await tools.put("a");
    const second = await tools.put("a", { expected: first.revision, value: "second" });
    const late = tools.item("a", { expected: first.revision, value: "late" });
    assert.equal(await tools.write(late), "refused");
    assert.equal(await tools.write(tools.item("a", { expected: "never" })), "refused");
    assert.deepEqual(await tools.read("a"), second);
  });

  row("refuses a write that expects something where nothing stands", async (tools) => {
    assert.equal(await tools.write(tools.item("a", { expected: "r0" })), "refused");
    assert.equal(await tools.read("a"), undefined);
  });

  row("deletes under the same condition", async (tools) => {
    const { revision } = await tools.put("a");
    const wrong = tools.item("a", { expected: "never", value: null });
    assert.equal(await tools.write(wrong), "refused");
    assert.equal((await tools.read("a"))?.revision, revision);
    await tools.put("a", { expected: revision, value: null });
    assert.equal(await tools.read("a"), undefined);
  });

  row("refuses a late write on what was deleted, and on what stands there since", async (tools) => {
    const first = await tools.put("a");
    await tools.put("a", { expected: first.revision, value: null });
    const late = tools.item("a", { expected: first.revision, value: "late" });
    assert.equal(await tools.write(late), "refused");
    const second = await tools.put("a");
    assert.equal(await tools.write(late), "refused");
    assert.deepEqual(await tools.read("a"), second);
  });

  row("executes a write that comes twice once", async (tools) => {
    const first = tools.item("a");
    assert.equal(await tools.write(first), "written");
    assert.equal(await tools.write(first), "refused");
    const second = tools.item("a", { expected: first.revision, value: "second" });
    assert.equal(await tools.write(second), "written");
    assert.equal(await tools.write(second), "refused");
    assert.equal((await tools.read("a"))?.value, "second");
  });

  for (const standing of [false, true]) {
    const where = standing ? "on one revision" : "where nothing stands";
    row(`lets exactly one of many writers at once win ${where}`, async (tools) => {
      const other = await tools.fixture.another();
      const expected = standing ? (await tools.put("a")).revision : undefined;
      const items = Array.from({ length: RACERS }, (_, i) =>
        tools.item("a", { expected, value: `racer ${i}` }),
      );
      const replies = await Promise.all(
        items.map((item, i) => tools.write(item, i % 2 ? tools.port : other)),
      );
      assert.equal(replies.filter((reply) => reply === "written").length, 1);
      assert.equal(replies.filter((reply) => reply === "refused").length, RACERS - 1);
      const winner = items[replies.indexOf("written")];
      assert.equal((await tools.read("a"))?.value, winner?.value);
    });
  }

  row("shows every other client what was answered", async (tools) => {
    const other = await tools.fixture.another();
    let expected: string | undefined;
    for (let i = 0; i < 20; i += 1) {
      const [by, from] = i % 2 ? [tools.port, other] : [other, tools.port];
      const item = tools.item("a", { expected, value: `value ${i}` });
      assert.equal(await tools.write(item, by), "written");
      assert.deepEqual(await tools.read("a", from), {
        revision: item.revision,
        value: `value ${i}`,
      });
      expected = item.revision;
    }
  });
}

function batchRows(row: PortRow): void {
  row("answers a batch in its order, each item by its own condition", async (tools) => {
    const { revision } = await tools.put("b");
    const names = ["c", "a", "b", "d", "e"];
    const items = [
      tools.item("c"),
      tools.item("a", { expected: "never" }),
      tools.item("b", { expected: revision, value: "new b" }),
      tools.item("d"),
      tools.item("e", { expected: "never", value: null }),
    ];
    const written = repliesOf(await tools.port.write(items, tools.signal));
    assert.deepEqual(written, ["written", "refused", "written", "written", "refused"]);
    const cells = repliesOf(await tools.port.read(names, tools.signal));
    assert.deepEqual(
      cells.map((cell) => cell?.value),
      ["value of c", undefined, "new b", "value of d", undefined],
    );
  });

  row("takes as large a batch as it says", async (tools) => {
    const { port, signal } = tools;
    const names = Array.from({ length: port.maxBatch }, (_, i) => `cell${(i * 37) % 1009}-${i}`);
    const written = repliesOf(
      await port.write(
        names.map((n) => tools.item(n)),
        signal,
      ),
    );
    assert.ok(written.every((reply) => reply === "written"));
    const cells = repliesOf(await port.read([...names].reverse(), signal));
    assert.deepEqual(
      cells.map((cell) => cell?.value),
      [...names].reverse().map((name) => `value of ${name}`),
    );
  });

  row(
    "keeps two batches with the same cells in opposite order from waiting for each other",
    async (tools) => {
      const { port, signal } = tools;
      const other = await tools.fixture.another();
      const names = Array.from({ length: Math.min(10, port.maxBatch) }, (_, i) => `cell${i}`);
      for (let round = 0; round < 5; round += 1) {
        const inOrder = names.map((name) => tools.item(`${name}-${round}`));
        const backwards = [...names].reverse().map((name) => tools.item(`${name}-${round}`));
        const [one, two] = await Promise.all([
          port.write(inOrder, signal),
          other.write(backwards, signal),
        ]);
        const mirrored = [...repliesOf(two)].reverse();
        repliesOf(one).forEach((reply, i) => assert.notEqual(reply, mirrored[i]));
      }
    },
  );

  row(
    "answers its clock alone where nothing is asked, where the clock is its own",
    async (tools) => {
      const { port, signal } = tools;
      const { items, at } = await port.read([], signal);
      assert.deepEqual(items, []);
      if (port.clock === "caller") return;
      const off = Math.abs((at ?? 0) - (await tools.fixture.now()));
      assert.ok(off < tools.unitMs, `${off} ms off`);
      const { at: later } = await port.write([tools.item("a")], signal);
      assert.ok((later ?? 0) >= (at ?? 0));
    },
  );

  row("answers a value beyond the limit with that item's fault alone", async (tools) => {
    const { port, signal } = tools;
    // Text that no database stores in less than a quarter of its length.
    const huge = "x".repeat(port.maxValueBytes + 1_000_000);
    const { items } = await port.write([tools.item("a", { value: huge }), tools.item("b")], signal);
    assert.ok(items[0] instanceof Error, "the huge one is refused with an error");
    assert.equal(items[1], "written");
    assert.equal(await tools.read("a"), undefined);
  });
}

function contentRows(row: PortRow): void {
  row("keeps values exactly, up to the limit", async (tools) => {
    const values = ["", "{}", 'Zoë "quoted" 🩺 \\u0000 \u202E', "\n\r\t' ; --", " ", "null"];
    values.push("é".repeat(Math.floor(tools.port.maxValueBytes / 2)));
    for (const [i, value] of values.entries()) {
      const { revision } = await tools.put(`cell${i}`, { value });
      assert.deepEqual(await tools.read(`cell${i}`), { revision, value });
    }
  });

  row("keeps names apart that differ in anything", async (tools) => {
    const long = "n".repeat(198);
    const names = [
      "a",
      "A",
      "a.b",
      "a-b",
      "a_b",
      "a/b",
      "=a",
      "a=",
      "0",
      "00",
      `${long}01`,
      `${long}02`,
    ];
    for (const name of names) await tools.put(name);
    for (const name of names) assert.equal((await tools.read(name))?.value, `value of ${name}`);
  });
}

function outageRows(row: PortRow): void {
  row("says so when it is out of reach, and goes on afterwards", async (tools) => {
    const { fixture, port } = tools;
    if (!fixture.outage) return;
    await tools.put("a");
    const end = await fixture.outage();
    const { signal } = tools;
    const faults: (() => Promise<unknown>)[] = [
      async () => repliesOf(await port.read(["a"], signal)),
      async () => repliesOf(await port.write([tools.item("b")], signal)),
      () => port.attention(undefined, 1, signal),
    ];
    await Promise.all(faults.map((fault) => assert.rejects(fault)));
    await end();
    assert.equal((await tools.read("a"))?.value, "value of a");
  });
}

const RACERS = 20;
