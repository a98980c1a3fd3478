import Table from "cli-table3";

/** Nothing that a stored text says may steer the terminal. */
export function printable(text: string): string {
  return text.replace(
    // eslint-disable-next-line no-control-regex -- these are what has to go
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const BORDERLESS = Object.fromEntries(
  [
    ...["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left"],
    ...["bottom-right", "left", "left-mid", "mid", "mid-mid", "right", "right-mid"],
  ].map((name) => [name, ""]),
);
const GAP = "  ";
/** Narrower than this a column can't be read. */
const NARROWEST = 10;

/** Rows under a heading, without lines, within `columns` characters: the widest column wraps. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  columns: number,
): string {
  const cells = rows.map((row) => row.map((cell) => printable(String(cell))));
  const widths = head.map((name, at) =>
    Math.max(name.length, ...cells.map((row) => row[at]?.length ?? 0)),
  );
  const room = columns - GAP.length * (head.length - 1);
  for (let over = sum(widths) - room; over > 0; over = sum(widths) - room) {
    const widest = widths.indexOf(Math.max(...widths));
    const next = Math.max(NARROWEST, ...widths.filter((_, at) => at !== widest));
    const narrowed = Math.max(next - 1, (widths[widest] ?? 0) - over, NARROWEST);
    if (narrowed >= (widths[widest] ?? 0)) break;
    widths[widest] = narrowed;
  }
  const grid = new Table({
    head: [...head],
    chars: { ...BORDERLESS, middle: GAP },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    colWidths: widths,
    wordWrap: true,
    wrapOnWordBoundary: false,
  });
  grid.push(...cells);
  return trimmed(grid.toString());
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

/** Breaks at spaces; only what is longer than a line is cut, never an id that fits one. */
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
