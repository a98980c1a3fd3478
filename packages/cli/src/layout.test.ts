import { describe, expect, it } from "vitest";
import { facts, table } from "./layout.js";
import { printable, printableJson, printableLines } from "./printable.js";

const ID = "11111111-2222-3333-4444-555555555555";

describe("a table", () => {
  it("wraps between words, the widest column first, within its width", () => {
    const text = table(["ID", "WHY"], [[ID, "it has failed again and again and again"]], 60);
    expect(text.split("\n").filter((line) => line.length > 60)).toEqual([]);
    expect(text).toContain(ID);
    expect(text.split("\n").length).toBeGreaterThan(2);
  });

  it("breaks no id, though it be wider than the terminal", () => {
    const ids = [ID, `${ID}-${ID}-${ID}`];
    for (const columns of [20, 40, 80, 200]) {
      const text = table(
        ["DEAD LETTER", "RECORD", "SINCE"],
        [[...ids, "2026-01-31 09:00:00Z"]],
        columns,
      );
      for (const id of ids) expect(text).toContain(id);
    }
  });

  it("leaves whole what takes two columns a character", () => {
    expect(table(["NAME"], [["山田太郎"]], 80)).toContain("山田太郎");
  });
});

describe("facts", () => {
  it("wrap under themselves, and break no id", () => {
    const text = facts([["id", `${ID} and ${ID}-${ID}`]], 30);
    expect(text.split("\n")).toEqual([`id  ${ID}`, `    and`, `    ${ID}-${ID}`]);
  });
});

describe("what is printed", () => {
  const hostile = "a\u001b[2Jb\u009b2Jc\u202Ed\u2066e\u061cf\u2028g\nh";

  it("steers no terminal, and begins no line of its own", () => {
    const shown = "a\\u001b[2Jb\\u009b2Jc\\u202ed\\u2066e\\u061cf\\u2028g";
    expect(printable(hostile)).toBe(`${shown}\\u000ah`);
    expect(printableLines(hostile)).toBe(`${shown}\nh`);
  });

  it("means the same as JSON", () => {
    const value = { text: hostile, [hostile]: ["Zoë 🩺 שלום"] };
    const text = printableJson(value);
    expect(JSON.parse(text)).toEqual(value);
    expect(text.replaceAll("\n", "")).toBe(printable(text.replaceAll("\n", "")));
    expect(text).toContain("Zoë 🩺 שלום");
  });
});
