import { table } from "../rows.js";
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

/** One line for each fault and contender. */
export function toTable(rows: readonly ScoreRow[]): string {
  const lines = rows.map((row) => [
    row.fault,
    row.contender,
    ...FIGURES.map((figure) => String(row[figure])),
  ]);
  const titles: ReadonlySet<string> = new Set(Object.values(TITLES));
  return table(["fault", "contender", ...FIGURES.map((figure) => TITLES[figure])], lines, (name) =>
    titles.has(name),
  );
}
