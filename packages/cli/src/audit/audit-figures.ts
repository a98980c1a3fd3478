import type { AuditReport } from "./audit-mails.js";
import { showDuration } from "../moments.js";

/** The figures in words: name, lower bound, upper bound. */
export function figureRows(
  report: AuditReport,
): readonly (readonly [name: string, definitely: string, atMost: string])[] {
  const { same, extraCopies, received, receivedInWindow, windowMs } = report;
  const { definitely, atMost } = same;
  const one = (count: number) => [String(count), String(count)] as const;
  const within = `within ${showDuration(windowMs)}`;
  return [
    ["emails", ...one(report.emails)],
    ["recipients", ...one(report.recipients)],
    ["the same email twice or more", String(definitely.recipients2), String(atMost.recipients2)],
    [
      "the same email three times or more",
      String(definitely.recipients3),
      String(atMost.recipients3),
    ],
    ["most copies of one email", String(definitely.most), String(atMost.most)],
    ["copies too many", String(extraCopies.definitely), String(extraCopies.atMost)],
    [`any two emails or more ${within}`, ...one(receivedInWindow.recipients2)],
    [`any three emails or more ${within}`, ...one(receivedInWindow.recipients3)],
    [`most emails ${within}`, ...one(receivedInWindow.most)],
    ["any two emails or more, in all", ...one(received.recipients2)],
    ["any three emails or more, in all", ...one(received.recipients3)],
    ["most emails, in all", ...one(received.most)],
    ["one subject, yet different emails", ...one(report.toldApart)],
    ["longest burst of copies", showDuration(report.longestBurstMs), ""],
  ];
}
