import Table from "cli-table3";
import { printable } from "./printable.js";

const BORDERLESS = Object.fromEntries(
  [
    ...["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left"],
    ...["bottom-right", "left", "left-mid", "mid", "mid-mid", "right", "right-mid"],
  ].map((name) => [name, ""]),
);
const GAP = "  ";
/**
 * Rows under a heading, without lines, within `columns` characters where the words allow that: columns
 * wrap between words, the widest first. A word is never cut, since it may be an id that somebody copies.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  columns: number,
): string {
  const cells = rows.map((row) => row.map((cell) => printable(String(cell))));
  const widestOf = (measure: (text: string) => number) =>
    head.map((name, at) => Math.max(...[name, ...cells.map((row) => row[at] ?? "")].map(measure)));
  const grid = new Table({
    head: [...head],
    chars: { ...BORDERLESS, middle: GAP },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    colWidths: narrowed(
      widestOf(widthOf),
      widestOf((text) => Math.max(...text.split(" ").map(widthOf))),
      columns - GAP.length * (head.length - 1),
    ),
    wordWrap: true,
  });
  grid.push(...cells);
  return trimmed(grid.toString());
}

/** The widths, of which the widest give way until all fit the room, or can't any more. */
function narrowed(widths: readonly number[], least: readonly number[], room: number): number[] {
  const result = [...widths];
  for (let over = sum(result) - room; over > 0; over = sum(result) - room) {
    const slack = result.map((width, at) => (width > (least[at] ?? width) ? width : 0));
    const widest = slack.indexOf(Math.max(...slack));
    const width = slack[widest] ?? 0;
    if (width === 0) break;
    const next = Math.max(0, ...slack.filter((_, at) => at !== widest));
    result[widest] = Math.max(
      least[widest] ?? 0,
      Math.min(width - 1, Math.max(next, width - over)),
    );
  }
  return result;
}

/** Columns on a terminal: East Asian characters and emoji take two. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += (character.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1;
  return width;
}

/** Labels and values, one a line; values wrap under themselves. */
export function facts(pairs: readonly (readonly [string, string])[], columns: number): string {
  const labels = Math.max(...pairs.map(([label]) => label.length));
  return pairs
    .map(([label, value]) => {
      const lines = wrap(printable(value), columns - labels - GAP.length);
      const indent = `\n${" ".repeat(labels)}${GAP}`;
      return `${label.padEnd(labels)}${GAP}${lines.join(indent)}`;
    })
    .join("\n");
}

/** Breaks at spaces only: what is longer than a line stands on one all the same. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (joined.length <= width || line === "") line = joined;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

function trimmed(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
