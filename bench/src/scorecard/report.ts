import { table } from "../rows.js";
import { contenders } from "./contenders/index.js";
import { faults } from "./faults.js";
import type { Verdict } from "./verdict.js";

export interface ScoreRow extends Verdict {
  readonly contender: string;
  readonly fault: string;
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
