import type { Finding } from "@exactly-once/sqs-adapter";
import { facts } from "../layout.js";
import { printable } from "../printable.js";
import type { Diagnosis } from "./diagnosis.js";

const MARKS = { ok: "ok", warning: "WARNING", error: "ERROR" } as const;
const INDENT = "  ";

/** For people. Commands and templates stand on lines of their own, whole, to be copied. */
export function describe({ subject, findings }: Diagnosis, columns: number): string {
  const blocks = findings.map((finding) => block(finding, columns - INDENT.length));
  return [subject, ...blocks.map(indented)].join("\n");
}

function block(finding: Finding, columns: number): string {
  const { severity, code, message } = finding;
  const head = [MARKS[severity].padEnd(MARKS.warning.length), `${message} (${code})`] as const;
  if (finding.severity === "ok") return facts([head], columns);
  const { leadsTo, mend } = finding;
  const lines = [
    facts([head, ["", `Leads to: ${leadsTo}.`], ["", `Mend: ${mend.text}.`]], columns),
  ];
  if (mend.cli !== undefined) lines.push(verbatim("AWS CLI:", mend.cli));
  if (mend.cloudFormation !== undefined)
    lines.push(verbatim("CloudFormation:", mend.cloudFormation));
  return lines.join("\n");
}

function verbatim(title: string, text: string): string {
  const lines = text.split("\n").map(printable);
  return [`${INDENT}${title}`, ...lines.map((line) => `${INDENT}${INDENT}${line}`)].join("\n");
}

const indented = (text: string) => text.replace(/^/gm, INDENT);
