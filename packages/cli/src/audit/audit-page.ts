import { auditChart } from "./audit-chart.js";
import type { AuditReport } from "./audit-mails.js";
import { figureRows } from "./audit-figures.js";
import type { Disguise } from "./disguise.js";
import { showDuration, showMoment } from "../moments.js";

const MOST_ROWS = 100;

/** The report as one HTML file without scripts. */
export function auditPage(report: AuditReport, { recipient, subject }: Disguise): string {
  const figures = figureRows(report).map((row) => (report.exact ? row.slice(0, 2) : row));
  const bounds = report.exact ? ["", "exactly"] : ["", "definitely", "at most"];
  const bursts = report.bursts.slice(0, MOST_ROWS).map((burst) => {
    const first = burst.times[0] ?? 0;
    const lasted = showDuration((burst.times.at(-1) ?? 0) - first);
    const copies =
      burst.definitely === burst.atMost
        ? String(burst.atMost)
        : `${burst.definitely} to ${burst.atMost}`;
    return [
      recipient(burst.recipient),
      copies,
      burst.by,
      subject(burst.subject),
      showMoment(first),
      lasted,
    ];
  });
  const rest = report.bursts.length - bursts.length;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Audit of what was sent</title>
<style>
body { font: 15px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { text-align: left; padding: .2rem 1.2rem .2rem 0; border-bottom: 1px solid #ddd; }
svg { width: 100%; height: auto; }
</style>
<h1>Audit of what was sent</h1>
${htmlTable(bounds, figures)}
${auditChart(report)}
<h2>Who got the same email more than once</h2>
${bursts.length === 0 ? "<p>Nobody.</p>" : htmlTable(["recipient", "copies", "same by", "subject", "from", "within"], bursts)}
${rest > 0 ? `<p>… and ${rest} more; the CSV has them all.</p>` : ""}
</html>
`;
}

function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, row: readonly string[]) =>
    `<tr>${row.map((text) => `<${tag}>${escapeHtml(text)}</${tag}>`).join("")}</tr>`;
  return `<table>\n${[cells("th", head), ...rows.map((row) => cells("td", row))].join("\n")}\n</table>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (mark) => ENTITIES[mark] ?? mark);
