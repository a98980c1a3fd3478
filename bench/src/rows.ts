/** One measured figure, the same in every benchmark. */
export interface Row {
  readonly suite: string;
  readonly case: string;
  readonly contender: string;
  readonly metric: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
  /** The day of the measurement, once it is kept in a file. */
  readonly date?: string;
}

export interface RowName {
  readonly suite: string;
  readonly case: string;
  readonly contender: string;
}

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** The value that `share` (0 to 1) of the values don't exceed, by the nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** Summarises what the runs of one contender measured of one thing. */
export function summarize(
  name: RowName,
  metric: string,
  unit: string,
  values: readonly number[],
): Row {
  const round = (value: number): number => Number(value.toPrecision(4));
  return {
    suite: name.suite,
    case: name.case,
    contender: name.contender,
    metric,
    unit,
    median: round(median(values)),
    min: round(Math.min(...values)),
    max: round(Math.max(...values)),
    runs: values.length,
  };
}

/** By what factor the first contender's median is the second's; `undefined` where one is missing. */
export function ratio(
  rows: readonly Row[],
  metric: string,
  of: string,
  to: string,
): number | undefined {
  const medianOf = (contender: string): number | undefined =>
    rows.find((row) => row.metric === metric && row.contender === contender)?.median;
  const above = medianOf(of);
  const below = medianOf(to);
  if (above === undefined || below === undefined || below === 0) return undefined;
  return above / below;
}

/**
 * What a file holds after a new measurement. A case that was measured again takes its old place, so
 * that a file's history shows figures that changed and no lines that moved.
 */
export function mergeRows(earlier: readonly Row[], newer: readonly Row[]): readonly Row[] {
  const all = new Map([...byCase(earlier), ...byCase(newer)]);
  const suites = [...new Set([...earlier, ...newer].map(({ suite }) => suite))];
  const rows = [...all.values()].flat();
  return suites.flatMap((suite) => rows.filter((row) => row.suite === suite));
}

/** A map keeps the place of a name whose value is replaced. */
function byCase(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  const cases = new Map<string, Row[]>();
  for (const row of rows) {
    const name = `${row.suite}: ${row.case}`;
    const known = cases.get(name);
    if (known) known.push(row);
    else cases.set(name, [row]);
  }
  return cases;
}

const COLUMNS = ["case", "contender", "metric", "unit", "median", "min", "max", "runs"] as const;
const NUMERIC: ReadonlySet<string> = new Set(["median", "min", "max", "runs"]);

/** One table for each suite. */
export function toMarkdown(rows: readonly Row[]): string {
  const suites = [...new Set(rows.map(({ suite }) => suite))];
  return suites
    .map((suite) => {
      const own = rows.filter((row) => row.suite === suite);
      const lines = own.map((row) => COLUMNS.map((column) => String(row[column])));
      return [`### ${suite}`, ...measuredOn(own), table(COLUMNS, lines)].join("\n\n");
    })
    .join("\n\n");
}

/** The days on which rows were measured, where that is known. */
function measuredOn(rows: readonly Row[]): readonly string[] {
  const dates = [...new Set(rows.flatMap(({ date = [] }) => date))].sort();
  const [first, last] = [dates[0], dates.at(-1)];
  if (first === undefined || last === undefined) return [];
  return [`Measured ${first === last ? first : `${first} to ${last}`}.`];
}

/**
 * Padded as the formatter does it, so that a file written anew passes the format check.
 *
 * @param columns their names; those of figures are aligned to the right
 */
export function table(
  columns: readonly string[],
  lines: readonly (readonly string[])[],
  isNumeric: (column: string) => boolean = (column) => NUMERIC.has(column),
): string {
  const widths = columns.map((column, index) =>
    Math.max(3, column.length, ...lines.map((cells) => cells[index]?.length ?? 0)),
  );
  const right = columns.map(isNumeric);
  const pad = (cell: string, index: number): string => {
    const width = widths[index] ?? 0;
    return right[index] ? cell.padStart(width) : cell.padEnd(width);
  };
  const line = (cells: readonly string[]): string => `| ${cells.map(pad).join(" | ")} |`;
  const rule = widths.map((width, index) =>
    right[index] ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  return [line(columns), line(rule), ...lines.map(line)].join("\n");
}
