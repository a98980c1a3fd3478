import { table } from "../rows.js";
import { contenders } from "./contenders/index.js";
import { faults } from "./faults.js";
import type { Verdict } from "./verdict.js";

export interface ScoreRow extends Verdict {
  readonly contender: string;
  readonly fault: string;
  /** How it came about. */
  readonly run?: RunFacts;
}

export interface RunFacts {
  readonly date: string;
  readonly seed: number;
  /** How long the run took. */
  readonly seconds?: number;
  readonly node: string;
  /** The contender's packages, with their versions. */
  readonly packages: readonly string[];
}

const FIGURES = ["sentTwice", "neverSent", "outOfOrder", "stuck", "held"] as const;
const TITLES: Readonly<Record<(typeof FIGURES)[number], string>> = {
  sentTwice: "sent twice",
  neverSent: "never sent",
  outOfOrder: "out of order",
  stuck: "stuck",
  held: "held for a human",
};

/** Newer rows take the place of older ones; in the order of the faults, then of the contenders. */
export function merge(
  earlier: readonly ScoreRow[],
  newer: readonly ScoreRow[],
): readonly ScoreRow[] {
  const all = new Map<string, ScoreRow>();
  for (const row of [...earlier, ...newer]) all.set(`${row.fault}|${row.contender}`, row);
  const rank = (names: readonly string[], name: string): number => names.indexOf(name);
  const faultNames = Object.keys(faults);
  const contenderNames = Object.keys(contenders);
  return [...all.values()].sort(
    (a, b) =>
      rank(faultNames, a.fault) - rank(faultNames, b.fault) ||
      rank(contenderNames, a.contender) - rank(contenderNames, b.contender),
  );
}

/** One line for each fault and contender. */
export function toTable(rows: readonly ScoreRow[]): string {
  const lines = rows.map((row) => [
    row.fault,
    row.contender,
    String(row.events),
    ...FIGURES.map((figure) => String(row[figure])),
  ]);
  const titles: ReadonlySet<string> = new Set(["events", ...Object.values(TITLES)]);
  return table(
    ["fault", "contender", "events", ...FIGURES.map((figure) => TITLES[figure])],
    lines,
    (name) => titles.has(name),
  );
}

/** What went wrong; to wait for a human is not wrong. */
export function wentWrong(row: Verdict): number {
  return row.sentTwice + row.neverSent + row.outOfOrder + row.stuck;
}

/** What becomes of a contender over all faults, one line each: for a page that has little room. */
export function toSummary(rows: readonly ScoreRow[]): string {
  const names = [...new Set(rows.map(({ contender }) => contender))];
  const lines = names.map((name) => {
    const own = rows.filter(({ contender }) => contender === name);
    const sum = (figure: (row: ScoreRow) => number): string =>
      own.reduce((total, row) => total + figure(row), 0).toLocaleString("en");
    return [
      name,
      sum(({ events }) => events),
      ...FIGURES.map((figure) => sum((row) => row[figure])),
    ];
  });
  return table(
    ["", "events", ...FIGURES.map((figure) => TITLES[figure])],
    lines,
    (column) => column !== "",
  );
}

/** Under which circumstances the rows came about, in one sentence. */
export function toCircumstances(rows: readonly ScoreRow[]): string {
  const runs = rows.flatMap(({ run = [] }) => run);
  const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)].sort();
  const span = (values: readonly string[]): string => {
    const all = distinct(values);
    return all.length > 1 ? `${all[0]} to ${all[all.length - 1]}` : (all[0] ?? "?");
  };
  const faultNames = distinct(rows.map(({ fault }) => fault));
  const events = distinct(rows.map((row) => row.events.toLocaleString("en")));
  return [
    `${events.join(" or ")} events for each of ${faultNames.length} faults`,
    `seed ${distinct(runs.map(({ seed }) => String(seed))).join(", ")}`,
    span(runs.map(({ date }) => date)),
    `Node ${distinct(runs.map(({ node }) => node)).join(", ")}`,
    ...distinct(runs.flatMap(({ packages }) => packages)),
  ].join(", ");
}

const BEGIN = "<!-- scorecard: written by `pnpm scorecard --readme` -->";
const END = "<!-- /scorecard -->";

/**
 * Puts the summary into a page, in place of the one that stands there.
 * @throws when the page has no place for it
 */
export function intoPage(page: string, rows: readonly ScoreRow[]): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new Error(`The page needs the lines ${BEGIN} and ${END}.`);
  const text = `${toSummary(rows)}\n\n${toCircumstances(rows)}.`;
  return `${page.slice(0, from)}${BEGIN}\n\n${text}\n\n${page.slice(to)}`;
}
