import Table from "cli-table3";
import type { Figures, Tally } from "./counting.js";
import { duration } from "./in-words.js";
import { INCIDENT } from "./incident.js";

interface Row {
  readonly figure: keyof Figures;
  readonly label: string;
}

/** The figures in the order they are told, under their headings. */
export const SECTIONS: readonly { readonly heading: string; readonly rows: readonly Row[] }[] = [
  {
    heading: "The load",
    rows: [
      { figure: "events", label: "events; each wants one email" },
      { figure: "emails", label: "emails that SES accepted" },
    ],
  },
  {
    heading: "Copies of one notification",
    rows: [
      { figure: "doctors2", label: "doctors with 2 copies or more" },
      { figure: "doctors3", label: "doctors with 3 copies or more" },
      { figure: "max", label: "most copies" },
      { figure: "burstSeconds", label: "longest burst" },
    ],
  },
  {
    heading: "Emails a doctor received, rightful ones too",
    rows: [
      { figure: "received2", label: "doctors with 2 emails or more" },
      { figure: "received3", label: "doctors with 3 emails or more" },
      { figure: "receivedMax", label: "most emails" },
    ],
  },
  {
    heading: "What else became of them",
    rows: [
      { figure: "missing", label: "missing" },
      { figure: "held", label: "held" },
      { figure: "deadLettered", label: "dead-lettered" },
      { figure: "firstAlarmSeconds", label: "first alarm" },
    ],
  },
];

export interface Outcome {
  readonly naive: Tally;
  readonly ours: Tally;
}

/** A figure in words. */
export function cell(figure: keyof Figures, { figures, exactlyOnce }: Tally): string {
  const value = figures[figure];
  if (value === null) return exactlyOnce ? "no cause" : "never";
  if (figure === "burstSeconds" && value === 0) return "none";
  return figure.endsWith("Seconds") ? duration(value) : String(value);
}

const FAULTS: ReadonlySet<keyof Figures> = new Set(["doctors2", "doctors3", "missing"]);

/** Whether a figure is one that should be nothing, and is. */
export function judgement(figure: keyof Figures, { figures }: Tally): "right" | "wrong" | "" {
  if (!FAULTS.has(figure)) return "";
  return figures[figure] === 0 ? "right" : "wrong";
}

/** Both services beside the incident, 80 columns wide at most. */
export function table({ naive, ours }: Outcome, colours: boolean): string {
  const paint = (code: number, text: string) =>
    colours ? `\u001b[${code}m${text}\u001b[39m` : text;
  const bold = (text: string) => (colours ? `\u001b[1m${text}\u001b[22m` : text);
  const judged = (figure: keyof Figures, tally: Tally) => {
    const colour = { right: 32, wrong: 31, "": 39 }[judgement(figure, tally)];
    return paint(colour, cell(figure, tally));
  };
  const grid = new Table({
    head: ["", "naive", "ours", "the incident"].map(bold),
    colAligns: ["left", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
    chars: { "left-mid": "├", mid: "─", "mid-mid": "┼", "right-mid": "┤" },
  });
  for (const { heading, rows } of SECTIONS) {
    grid.push([{ content: bold(heading), colSpan: 4, hAlign: "left" }]);
    for (const { figure, label } of rows) {
      grid.push([` ${label}`, judged(figure, naive), judged(figure, ours), INCIDENT[figure]]);
    }
  }
  return grid.toString();
}
