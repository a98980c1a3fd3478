import { median, table, type Row } from "../rows.js";

/** What one round measured of both sides, one run each. */
export interface Round {
  readonly now: readonly Row[];
  readonly baseline: readonly Row[];
}

/** A figure of ours beside the same figure of the baseline. */
export interface Comparison {
  readonly suite: string;
  readonly case: string;
  readonly contender: string;
  readonly metric: string;
  readonly unit: string;
  /** Medians over the rounds. */
  readonly now: number;
  readonly baseline: number;
  /**
   * How many times the baseline's figure ours is. Taken within each round, where both saw the same
   * machine, then the median and the extremes over the rounds.
   */
  readonly ratio: number;
  readonly lowest: number;
  readonly highest: number;
  readonly rounds: number;
}

/** Figures that both sides have; what only one of them measures can't be compared. */
export function compareRounds(rounds: readonly Round[]): readonly Comparison[] {
  const [first] = rounds;
  if (first === undefined) return [];
  return first.now.flatMap((row) => {
    const pairs = rounds.flatMap(({ now, baseline }) => {
      const [ours, theirs] = [figureOf(now, row), figureOf(baseline, row)];
      return ours === undefined || theirs === undefined ? [] : [{ ours, theirs }];
    });
    if (pairs.length === 0) return [];
    const ratios = pairs.map(({ ours, theirs }) => (ours === theirs ? 1 : ours / theirs));
    const { suite, case: name, contender, metric, unit } = row;
    return [
      {
        suite,
        case: name,
        contender,
        metric,
        unit,
        now: median(pairs.map(({ ours }) => ours)),
        baseline: median(pairs.map(({ theirs }) => theirs)),
        ratio: median(ratios),
        lowest: Math.min(...ratios),
        highest: Math.max(...ratios),
        rounds: pairs.length,
      },
    ];
  });
}

function figureOf(rows: readonly Row[], like: Row): number | undefined {
  return rows.find(
    (row) =>
      row.suite === like.suite &&
      row.case === like.case &&
      row.contender === like.contender &&
      row.metric === like.metric,
  )?.median;
}

const COLUMNS = [
  "case",
  "contender",
  "metric",
  "unit",
  "now",
  "baseline",
  "ratio",
  "lowest",
  "highest",
  "rounds",
] as const;
const TEXTS: ReadonlySet<string> = new Set(["case", "contender", "metric", "unit"]);

/** One table for each suite. */
export function comparisonTables(comparisons: readonly Comparison[]): string {
  const suites = [...new Set(comparisons.map(({ suite }) => suite))];
  const cell = (value: string | number): string =>
    typeof value === "number" ? String(Number(value.toPrecision(4))) : value;
  return suites
    .map((suite) => {
      const own = comparisons.filter((comparison) => comparison.suite === suite);
      const lines = own.map((comparison) => COLUMNS.map((column) => cell(comparison[column])));
      return `### ${suite}\n\n${table(COLUMNS, lines, (column) => !TEXTS.has(column))}`;
    })
    .join("\n\n");
}
