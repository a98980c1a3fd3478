import { describe, expect, it } from "vitest";
import { canSearch, checkRow, printTable, readTable, ROWS } from "../../specs/run-table.mjs";

const searchable = await canSearch();
if (!searchable) {
  console.error(
    "THE MODEL IS NOT CHECKED HERE: spin and gcc are missing (apt-get install spin gcc).",
  );
}

/** Rows that take seconds; `node specs/run-table.mjs` runs all. */
const LONG = new Set([
  "operator",
  "redrive",
  "order",
  "forgotten-record",
  "two-effects-swallow",
  "bell",
  "in-place",
]);

describe.runIf(searchable)("specs: the protocol's model", () => {
  it.each(ROWS.filter(({ name }) => !LONG.has(name)))(
    "$name: $why",
    async (row) => {
      const { ok, text } = await checkRow(row);
      expect(ok, text).toBe(true);
    },
    300_000,
  );

  it("prints the table that record.ts is held to", async () => {
    expect(await printTable()).toBe(await readTable());
  });
});
