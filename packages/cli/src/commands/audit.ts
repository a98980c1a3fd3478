import type { Command } from "commander";
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import { auditCsv } from "../audit/audit-csv.js";
import { figureRows } from "../audit/audit-figures.js";
import { auditMails, type AuditReport } from "../audit/audit-mails.js";
import { collectMails, type MailCollection } from "../audit/collect-mails.js";
import { disguise, type Disguise } from "../audit/disguise.js";
import { readTraces, type IdentitySources } from "../audit/read-trace.js";
import { readValues } from "../audit/read-values.js";
import type { SentMail } from "../audit/sent-mail.js";
import { iso } from "../attention.js";
import { action, withOutputOptions, type Context, type Session } from "../cli-command.js";
import { UsageError } from "../errors/usage-error.js";
import { exitCodes } from "../exit-codes.js";
import { facts, table } from "../layout.js";
import { parseDuration, parseMoment, showDuration, showMoment } from "../moments.js";
import { parseCount } from "./unresolved.js";

interface AuditOptions {
  readonly window: number;
  readonly legitimate: number;
  readonly since?: number;
  readonly until?: number;
  readonly keyHeader?: string;
  readonly keyTag?: string;
  readonly csv?: string;
  readonly chart?: string;
  readonly showRecipients?: boolean;
  readonly showSubjects?: boolean;
  readonly exitCode?: boolean;
}

const INPUT_HELP = `
Input, one JSON value a line (also .gz; - is stdin):
  SES events as published, bare or in an SNS, SQS or EventBridge envelope
  a service's history: {"at": "2026-01-31T09:00:00Z", "to": "a@example.org",
    "subject": "...", "key": "...", "content": "..."}; only at and to are needed
  what the local SES answers at /_local/messages

How emails are told apart: by our attempt tags, by --key-header, --key-tag or a
history's key, and by content digests, all exact; the others by their subject,
which gives two bounds: at most all of a burst were copies of one email; but up
to --legitimate of them may rightly have been different.`;

/** Bursts in the text; the CSV has them all. */
const SHOWN = 10;

export function addAudit(program: Command, session: Session): void {
  const moment = (text: string) => parseMoment(text, session.world.now());
  const command = program
    .command("audit")
    .summary("who got the same email more than once, from events or a history")
    .description(
      "Tells who got the same email more than once. Needs only files: no Redis, no AWS, and " +
        "nothing of @exactly-once in the service that sent.",
    )
    .argument("<files...>", "see Input below")
    .optionsGroup("What counts as the same email:")
    .option("--window <time>", "copies follow one another within this", parseDuration, 900_000)
    .option("--legitimate <count>", "different emails that may share a subject", parseCount, 2)
    .option("--key-header <name>", "an email header that names the notification")
    .option("--key-tag <name>", "an SES message tag that names the notification")
    .option("--since <time>", "emails sent at or after: ISO 8601, or ago (2h)", moment)
    .option("--until <time>", "emails sent before", moment)
    .optionsGroup("Results:")
    .option("--csv <file>", "write every burst of copies, a row each")
    .option("--chart <file>", "write a picture: .svg, or .html with the figures", parseChart)
    .option("--show-recipients", "addresses instead of keyed digests")
    .option("--show-subjects", "subjects instead of keyed digests")
    .option("--exit-code", "end with 1 if anybody definitely got a copy too many")
    .addHelpText("after", INPUT_HELP);
  // The window is given and shown in words.
  const window = command.options.find(({ long }) => long === "--window");
  window?.default(900_000, "15m");
  withOutputOptions(command).action(
    action(session, async (context, options: AuditOptions, files: string[]) => {
      const input = await readAll(context, files, options);
      const { window: windowMs, legitimate } = options;
      const mails = within(input.collection.mails(), options);
      const report = auditMails(mails, { windowMs, legitimate });
      const shown = disguise({
        secret: context.settings.digestSecret,
        showRecipients: options.showRecipients,
        showSubjects: options.showSubjects,
      });
      await writeResults(context, options, report, shown);
      const found = options.exitCode === true && report.same.definitely.recipients2 > 0;
      return {
        code: found ? exitCodes.found : exitCodes.ok,
        json: reportJson(report, input, shown),
        text: reportText(report, input, shown, context.terminal.columns),
      };
    }),
  );
}

interface Input {
  readonly lines: number;
  /** Lines that aren't JSON, or tell of no email. */
  readonly unreadable: number;
  readonly collection: MailCollection;
}

async function readAll(
  { cwd, stdin, terminal }: Context,
  files: readonly string[],
  options: AuditOptions,
): Promise<Input> {
  const sources: IdentitySources = { header: options.keyHeader, tag: options.keyTag };
  const collection = collectMails();
  let lines = 0;
  let unreadable = 0;
  let understood = 0;
  for (const file of files) {
    try {
      const path = file === "-" ? file : resolve(cwd, file);
      for await (const { line, value } of readValues(path, stdin)) {
        lines += 1;
        const traces = readTraces(value, sources);
        for (const trace of traces ?? []) collection.add(trace);
        if (traces) understood += 1;
        else if ((unreadable += 1) <= 3)
          terminal.note(`${file}:${line} tells of no email; skipped`);
      }
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new UsageError(`${file} can't be read: ${reason}`, { cause });
    }
  }
  if (unreadable > 3) terminal.note(`${unreadable} lines skipped in all`);
  if (understood === 0 && lines > 0) {
    throw new UsageError("No line of the input tells of an email: see --help for what is read.");
  }
  return { lines, unreadable, collection };
}

function* within(
  mails: Iterable<SentMail>,
  { since = -Infinity, until = Infinity }: AuditOptions,
): Generator<SentMail, void, undefined> {
  for (const mail of mails) if (mail.at >= since && mail.at < until) yield mail;
}

async function writeResults(
  { cwd }: Context,
  { csv, chart }: AuditOptions,
  report: AuditReport,
  shown: Disguise,
): Promise<void> {
  try {
    if (csv !== undefined) await writeFile(resolve(cwd, csv), auditCsv(report.bursts, shown));
    if (chart?.endsWith(".html") === true) {
      const { auditPage } = await import("../audit/audit-page.js");
      await writeFile(resolve(cwd, chart), auditPage(report, shown));
    } else if (chart !== undefined) {
      const { auditChart } = await import("../audit/audit-chart.js");
      await writeFile(resolve(cwd, chart), auditChart(report));
    }
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === undefined) throw cause;
    throw new UsageError(`The result can't be written: ${(cause as Error).message}`, { cause });
  }
}

function reportJson(report: AuditReport, input: Input, shown: Disguise) {
  const { firstAt, lastAt, windowMs, longestBurstMs, bursts, timeline: _, ...rest } = report;
  return {
    input: {
      lines: input.lines,
      unreadable: input.unreadable,
      notSent: input.collection.notSent,
      undelivered: input.collection.undelivered,
    },
    windowSeconds: windowMs / 1_000,
    firstAt: firstAt === undefined ? null : iso(firstAt),
    lastAt: lastAt === undefined ? null : iso(lastAt),
    ...rest,
    longestBurstSeconds: longestBurstMs / 1_000,
    bursts: bursts.map(({ recipient, by, subject, times, definitely, atMost }) => ({
      recipient: shown.recipient(recipient),
      sameBy: by,
      subject: shown.subject(subject),
      definitely,
      atMost,
      times: times.map(iso),
    })),
  };
}

function reportText(report: AuditReport, input: Input, shown: Disguise, columns: number): string {
  const { firstAt, lastAt, exact, bursts } = report;
  if (firstAt === undefined || lastAt === undefined) return "No email was sent in that time.";
  const { notSent, undelivered } = input.collection;
  const head = [
    ...[["from", showMoment(firstAt)] as const, ["to", showMoment(lastAt)] as const],
    [
      "not counted",
      `${notSent} not sent, ${undelivered} not delivered, ${input.unreadable} lines unread`,
    ],
  ] as const;
  const rows = figureRows(report);
  const figures = exact
    ? table(
        ["", "EXACTLY"],
        rows.map(([name, definitely]) => [name, definitely]),
        columns,
      )
    : table(["", "DEFINITELY", "AT MOST"], rows, columns);
  const worst = bursts.slice(0, SHOWN).map((burst) => {
    const first = burst.times[0] ?? 0;
    const { definitely, atMost } = burst;
    return [
      shown.recipient(burst.recipient),
      definitely === atMost ? atMost : `${definitely} to ${atMost}`,
      burst.by,
      showMoment(first),
      showDuration((burst.times.at(-1) ?? 0) - first),
    ];
  });
  const rest = bursts.length - worst.length;
  return [
    facts(head, columns),
    "",
    figures,
    ...(worst.length === 0
      ? ["", "Nobody got the same email more than once."]
      : ["", table(["RECIPIENT", "COPIES", "SAME BY", "FROM", "WITHIN"], worst, columns)]),
    ...(rest > 0 ? [`… and ${rest} more: --csv FILE`] : []),
  ].join("\n");
}

function parseChart(file: string): string {
  if (!/\.(svg|html)$/.test(file)) throw new InvalidArgumentError("Name it .svg or .html.");
  return file;
}
