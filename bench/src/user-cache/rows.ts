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
}

/** Summarises what several runs measured. */
export function row(
  name: { readonly case: string; readonly contender?: string },
  metric: string,
  unit: string,
  values: readonly number[],
): Row {
  const sorted = [...values].sort((a, b) => a - b).map((value) => Number(value.toPrecision(4)));
  const at = (index: number): number => sorted[index] ?? NaN;
  return {
    suite: "user-cache",
    case: name.case,
    contender: name.contender ?? "ours",
    metric,
    unit,
    median: at(Math.floor((sorted.length - 1) / 2)),
    min: at(0),
    max: at(sorted.length - 1),
    runs: sorted.length,
  };
}

export function toMarkdown(rows: readonly Row[]): string {
  const head = ["case", "contender", "metric", "unit", "median", "min", "max", "runs"] as const;
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(head),
    line(head.map((name) => (["median", "min", "max", "runs"].includes(name) ? "--:" : "---"))),
    ...rows.map((entry) => line(head.map((name) => entry[name]))),
  ].join("\n");
}
