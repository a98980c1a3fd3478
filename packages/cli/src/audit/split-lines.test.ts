import { describe, expect, it } from "vitest";
import { LineSplitter, type Line } from "./split-lines.js";

function split(chunks: Iterable<string>, longest = 1_000): readonly Line[] {
  const splitter = new LineSplitter(longest);
  const lines: Line[] = [];
  for (const chunk of chunks) lines.push(...splitter.push(chunk));
  return [...lines, ...splitter.end()];
}

describe("lines", () => {
  it.each([
    [["a\nb\n"], ["a", "b"]],
    [
      ["a", "b\nc", "", "d"],
      ["ab", "cd"],
    ],
    [
      ["\n\na\n", "\n"],
      ["", "", "a", ""],
    ],
    [[""], []],
  ])("are what stands between line feeds, wherever the pieces are cut: %j", (chunks, lines) => {
    expect(split(chunks)).toEqual(lines);
  });

  it("that are too long are told by their length and leave the others alone", () => {
    expect(split(["12345\n123", "456\nab\n", "1234567"], 5)).toEqual([
      "12345",
      { tooLong: 6 },
      "ab",
      { tooLong: 7 },
    ]);
  });

  it("of many pieces take time in proportion: looking at each anew would take hours", () => {
    const piece = "x".repeat(1_000);
    const [line] = split(
      Array.from({ length: 60_000 }, () => piece),
      100_000_000,
    );
    expect(line).toHaveLength(60_000_000);
  });

  it("keep nothing of what is too long", () => {
    function* endless(): Generator<string> {
      for (let piece = 0; piece < 100_000; piece += 1) yield "x".repeat(1_000);
    }
    expect(split(endless(), 10)).toEqual([{ tooLong: 100_000_000 }]);
  });
});
