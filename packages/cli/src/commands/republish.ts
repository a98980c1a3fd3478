import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { systemClock } from "@exactly-once/core/ports";
import type { Command } from "commander";
import { resolve } from "node:path";
import {
  action,
  notConfirmed,
  withAwsOptions,
  withOutputOptions,
  withStoreOptions,
  type CommandResult,
  type Session,
} from "../cli-command.js";
import { registerEdition, type EditionLease } from "../edition-register.js";
import { exitCodes } from "../exit-codes.js";
import { facts } from "../layout.js";
import { createPacer } from "../pacer.js";
import { chosenQueue } from "../queues.js";
import { checkEdition, readRepublishFile, type Republished } from "../republish-file.js";
import { namespaceOf, whoIsAsking } from "../scope.js";
import { parseRate } from "./redrive.js";

interface RepublishFlags {
  readonly edition: string;
  readonly why: string;
  readonly by?: string;
  readonly rate: number;
  readonly queue?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** Messages between two looks at the lease. */
const KEEP_EVERY = 50;

export function addRepublish(program: Command, session: Session): void {
  const command = program
    .command("republish")
    .summary("send events again, on purpose, under an edition")
    .description(
      "Sends events of a file to their queue once more, as an edition: each notification that was " +
        "sent is sent again, once for this edition, however often this is repeated. The name belongs " +
        "to the file from then on. What would be sent is listed first. " +
        'A line is {"key": …, "body": …, "groupId"?: …, "attributes"?: {…}}.',
    )
    .argument("<file>", "JSON lines")
    .requiredOption("--edition <name>", 'names the repetition, such as "bounces of May 2026"')
    .requiredOption("--why <text>", "kept with the edition")
    .option("--by <who>", "who repeats it (default: $USER)")
    .option("--rate <count>", "at most so many a second", parseRate, 5)
    .optionsGroup("Queues:")
    .option("-q, --queue <name|url>", "a queue of the configuration file, or a queue's URL")
    .optionsGroup("Safety:")
    .option("--dry-run", "only say what would be sent")
    .option("-y, --yes", "don't ask");
  withOutputOptions(withAwsOptions(withStoreOptions(command))).action(
    action(session, async (context, flags: RepublishFlags, path: string) => {
      const { edition, why, rate } = flags;
      checkEdition(edition);
      const namespace = namespaceOf(context.settings);
      const by = whoIsAsking(flags.by, session.world.env);
      const { url: queueUrl } = chosenQueue(context.settings, flags.queue);
      const file = await readRepublishFile(resolve(context.cwd, path), edition);
      const { events, suppressed, digest } = file;
      const plan = { queue: queueUrl, edition, file: digest, events: events.length, suppressed };
      const text = planText(plan, rate, context.terminal.columns);
      if (flags.dryRun === true) {
        return { code: exitCodes.ok, json: { ...plan, dryRun: true }, text };
      }
      context.terminal.note(text);
      if (!(await context.confirmed(`Send ${events.length} again?`, flags))) {
        return notConfirmed({ ...plan, confirmed: false }, "");
      }
      const store = await context.store();
      const registered = await registerEdition(store, namespace, edition, { digest, by, why });
      if (registered.status === "done") {
        const already = `All of this file was sent as "${edition}" before; nothing was sent.`;
        return { code: exitCodes.ok, json: { ...plan, sent: 0, done: true }, text: already };
      }
      if (registered.status === "refused") {
        return {
          code: exitCodes.refused,
          json: { ...plan, sent: 0, refused: registered.why },
          text: `Nothing was sent as "${edition}": ${registered.why}.`,
        };
      }
      const sent = await sendAll(await context.sqs(), queueUrl, events, rate, registered.lease);
      return report(plan, sent);
    }),
  );
}

interface Sent {
  readonly count: number;
  readonly problem?: string;
}

/** In the file's order; ends at the first that fails, since what is wrong with one is so with most. */
async function sendAll(
  client: SQSClient,
  queueUrl: string,
  events: readonly Republished[],
  rate: number,
  lease: EditionLease,
): Promise<Sent> {
  const pace = createPacer(systemClock(), rate);
  let count = 0;
  try {
    for (const event of events) {
      if (count % KEEP_EVERY === 0 && !(await lease.keep())) {
        return { count, problem: "the edition went to somebody else, who goes on" };
      }
      await pace();
      await client.send(new SendMessageCommand(messageOf(event, queueUrl)));
      count += 1;
    }
  } catch (error) {
    await lease.giveBack();
    const { line } = events[count] ?? { line: 0 };
    return { count, problem: `line ${line}: ${error instanceof Error ? error.message : "fault"}` };
  }
  await lease.finish();
  return { count };
}

function messageOf(event: Republished, queueUrl: string) {
  const { body, groupId, deduplicationId, attributes } = event;
  const fifo = { MessageGroupId: groupId, MessageDeduplicationId: deduplicationId };
  return {
    QueueUrl: queueUrl,
    MessageBody: body,
    MessageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, StringValue]) => [
        name,
        { DataType: "String", StringValue },
      ]),
    ),
    ...(queueUrl.endsWith(".fifo") ? fifo : {}),
  };
}

interface Plan {
  readonly queue: string;
  readonly edition: string;
  readonly file: string;
  readonly events: number;
  readonly suppressed: readonly number[];
}

function planText(plan: Plan, rate: number, columns: number): string {
  const { queue, edition, file, events, suppressed } = plan;
  const minutes = Math.ceil(events / rate / 60);
  const pairs: [string, string][] = [
    ["to send", `${events} to ${queue}, at ${rate} a second: ${minutes} min`],
    ["edition", edition],
    ["file", file.slice(0, 16)],
  ];
  if (suppressed.length > 0) {
    const lines = suppressed.slice(0, 10).join(", ");
    pairs.push(["left out", `${suppressed.length}, whose key stands before: lines ${lines}`]);
  }
  return facts(pairs, columns);
}

function report(plan: Plan, { count, problem }: Sent): CommandResult {
  const told = `${count} of ${plan.events} sent as "${plan.edition}".`;
  const again = "Run it again to go on: what was sent isn't sent twice.";
  return {
    code: problem === undefined ? exitCodes.ok : exitCodes.unavailable,
    json: { ...plan, sent: count, problem: problem ?? null },
    text: problem === undefined ? told : [told, problem, again].join("\n"),
  };
}
