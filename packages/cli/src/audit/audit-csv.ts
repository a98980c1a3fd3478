import type { Disguise } from "./disguise.js";
import type { Burst } from "./find-bursts.js";

const HEAD = [
  "recipient",
  "same_by",
  "subject",
  "copies_definitely",
  "copies_at_most",
  "first_at",
  "last_at",
  "seconds",
] as const;

/** One row per burst, as RFC 4180 has it. */
export function auditCsv(bursts: readonly Burst[], { recipient, subject }: Disguise): string {
  const rows = bursts.map((burst) => {
    const first = burst.times[0] ?? 0;
    const last = burst.times.at(-1) ?? 0;
    return [
      recipient(burst.recipient),
      burst.by,
      subject(burst.subject),
      String(burst.definitely),
      String(burst.atMost),
      new Date(first).toISOString(),
      new Date(last).toISOString(),
      String((last - first) / 1_000),
    ];
  });
  return [HEAD, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** Spreadsheets run what begins like a formula: OWASP, "CSV Injection". */
function cell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
