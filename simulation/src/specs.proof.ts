import { beforeEach, describe, expect, it } from "vitest";
import { canSearch, checkRow, printTable, readTable, ROWS } from "../../specs/run-table.mjs";

const searchable = await canSearch();

/** Rows that take seconds; `node specs/run-table.mjs` runs all. */
const LONG = new Set([
  "operator",
  "redrive",
  "order",
  "forgotten-record",
  "two-effects-swallow",
  "alarm",
  "in-place",
]);

describe("specs: the protocol's model", () => {
  beforeEach(({ skip }) => {
    skip(!searchable, "the model checker is missing: apt-get install spin gcc");
  });

  it.each(ROWS.filter(({ name }) => !LONG.has(name)))("$name: $why", async (row) => {
    const { ok, text } = await checkRow(row);
    expect(ok, text).toBe(true);
  });

  it("prints the table that record/ is held to", async () => {
    expect(await printTable()).toBe(await readTable());
  });
});
