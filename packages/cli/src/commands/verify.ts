import type { Command } from "commander";
import { resolve } from "node:path";
import { readValues } from "../audit/read-values.js";
import { action, withOutputOptions, type Context, type Session } from "../cli-command.js";
import { UsageError } from "../errors/usage-error.js";
import { exitCodes } from "../exit-codes.js";
import { facts, table } from "../layout.js";
import { EventVerifier, type Finding } from "../verify/event-verifier.js";
import { eventIn } from "../verify/stream-event.js";

const INPUT_HELP = `
Input, one JSON value a line (also .gz; - is stdin): what serializeEvent of
@exactly-once/core makes of each event that observe gets, bare or as the field
"event" of a log's line. Lines of several processes may be mixed, in one file or
several; those of one process have to be in order.

Lines that are missing are told, and prove nothing. An operator's verdicts and a
provider's events aren't in the stream: what they may have settled isn't judged.`;

/** Findings that are printed; JSON has them all, up to this many more. */
const SHOWN = 20;
const KEPT = 10_000;

interface Placed extends Finding {
  readonly file: string;
  readonly line: number;
}

interface Verified {
  readonly verifier: EventVerifier;
  readonly findings: readonly Placed[];
  readonly found: number;
  /** Lines that hold no event. */
  readonly others: number;
}

export function addVerify(program: Command, session: Session): void {
  const command = program
    .command("verify")
    .summary("whether a service kept the promises, from its own events")
    .description(
      "Replays what a service's observe was told against the record's rules, and tells each event " +
        "that can't have happened. Needs only files. Ends with 1 if it finds anything.",
    )
    .argument("<files...>", "see Input below")
    .addHelpText("after", INPUT_HELP);
  withOutputOptions(command).action(
    action(session, async (context, _options: object, files: string[]) => {
      const verified = await verifyAll(context, files);
      return {
        code: verified.found > 0 ? exitCodes.found : exitCodes.ok,
        json: reportJson(verified),
        text: reportText(verified, context.terminal.columns),
      };
    }),
  );
}

async function verifyAll({ cwd, stdin }: Context, files: readonly string[]): Promise<Verified> {
  const verifier = new EventVerifier();
  const findings: Placed[] = [];
  let found = 0;
  let others = 0;
  for (const file of files) {
    try {
      for await (const { line, value } of readValues(
        file === "-" ? file : resolve(cwd, file),
        stdin,
      )) {
        const event = eventIn(value);
        if (!event) {
          others += 1;
          continue;
        }
        for (const finding of verifier.take(event)) {
          found += 1;
          if (findings.length < KEPT) findings.push({ file, line, ...finding });
        }
      }
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new UsageError(`${file} can't be read: ${reason}`, { cause });
    }
  }
  if (verifier.events === 0) {
    throw new UsageError("No line of the input is an event: see --help for what is read.");
  }
  return { verifier, findings, found, others };
}

function reportJson({ verifier, findings, found, others }: Verified) {
  const { gaps, repeated, counts } = verifier;
  return { ...counts, otherLines: others, repeatedLines: repeated, gaps, found, findings };
}

function reportText({ verifier, findings, found, others }: Verified, columns: number): string {
  const { gaps, repeated, counts } = verifier;
  const missing = gaps.reduce((sum, gap) => sum + gap.missing, 0);
  const head = [
    ["events", `${counts.events} of ${counts.sources} processes`],
    ["keys", `${counts.done} ended, ${counts.open} open at the end`],
    ["missing", `${missing} lines, in ${gaps.length} places`],
    ["not looked at", `${others} lines that are no events, ${repeated} repeated`],
  ] as const;
  if (found === 0) return `${facts(head, columns)}\n\nNothing was found that can't have happened.`;
  const rows = findings
    .slice(0, SHOWN)
    .map(({ file, line, rule, text }) => [`${file}:${line}`, rule, text]);
  const rest = found - rows.length;
  return [
    facts(head, columns),
    "",
    table(["LINE", "WHAT", "OF"], rows, columns),
    ...(rest > 0 ? [`… and ${rest} more: --json`] : []),
  ].join("\n");
}
