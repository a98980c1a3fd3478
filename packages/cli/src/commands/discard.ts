import { deleteDeadLetter, type DeadLetterQueueOptions } from "@exactly-once/sqs-adapter";
import type { Command } from "commander";
import { hash } from "node:crypto";
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import {
  action,
  notConfirmed,
  withAwsOptions,
  withDeadLetterOptions,
  withOutputOptions,
  withSafetyOptions,
  withStoreOptions,
  type CommandResult,
  type Session,
} from "../cli-command.js";
import { readAndGiveBack } from "../dead-letter-reading.js";
import { UsageError } from "../errors/usage-error.js";
import { exitCodes } from "../exit-codes.js";
import { table } from "../layout.js";
import { deadLetterQueuesOf } from "../queues.js";
import { isChosen, judgeLetters, type JudgedLetter } from "../redrive-plan.js";
import { whoIsAsking } from "../scope.js";

interface DiscardFlags {
  readonly queue?: string;
  readonly deadLetterQueue?: string;
  readonly audit: string;
  readonly why: string;
  readonly by?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function addDiscard(program: Command, session: Session): void {
  const command = program
    .command("discard")
    .summary("delete dead letters for good")
    .description(
      "Deletes dead letters that nobody will handle any more. A letter may be the only copy of its " +
        "message: what is deleted is written to a file first. One whose key is handled just now, or " +
        "has an effect that nobody has settled, is refused.",
    )
    .argument("<ids...>", "message ids (of the letter or the original), attempt ids or key digests")
    .requiredOption("--why <text>", "kept in the audit")
    .requiredOption("--audit <file>", "what is deleted is added to it, as JSON lines, before it is")
    .option("--by <who>", "who deletes (default: $USER)");
  withSafetyOptions(withDeadLetterOptions(command));
  withOutputOptions(withAwsOptions(withStoreOptions(command))).action(
    action(session, async (context, flags: DiscardFlags, ids: string[]) => {
      const by = whoIsAsking(flags.by, session.world.env);
      const options = await deadLetterQueuesOf(context, flags);
      const store = await context.store();
      const chosen = async (page: Parameters<typeof judgeLetters>[0]) =>
        (await judgeLetters(page, store)).filter((letter) =>
          isChosen(letter, { ids, settled: false }),
        );
      const plan: JudgedLetter[] = [];
      await readAndGiveBack(options, async (page) => {
        plan.push(...(await chosen(page)));
        return { gone: [], enough: false };
      });
      const listed = { queue: options.deadLetterQueueUrl, letters: plan.map(letterJson) };
      const text = planText(plan, context.terminal.columns);
      if (plan.length === 0 || flags.dryRun === true) {
        return { code: exitCodes.ok, json: { ...listed, discarded: 0 }, text };
      }
      context.terminal.note(text);
      if (!(await context.confirmed("Delete them for good?", flags))) {
        return notConfirmed({ ...listed, confirmed: false }, "");
      }
      const words = { at: new Date(context.now()).toISOString(), by, why: flags.why };
      const auditFile = resolve(context.cwd, flags.audit);
      return discard(options, chosen, (letter) =>
        writeAudit(auditFile, { ...words, queue: listed.queue, ...auditOf(letter) }),
      );
    }),
  );
}

/** Judged anew as they are read: what was free a while ago may be handled now. */
async function discard(
  options: DeadLetterQueueOptions,
  chosen: (page: Parameters<typeof judgeLetters>[0]) => Promise<readonly JudgedLetter[]>,
  audit: (letter: JudgedLetter) => Promise<void>,
): Promise<CommandResult> {
  const refused: { readonly id: string; readonly why: string }[] = [];
  let discarded = 0;
  await readAndGiveBack(options, async (page) => {
    const gone = [];
    for (const judged of await chosen(page)) {
      const { letter } = judged;
      const why = whyKept(judged);
      if (why !== undefined) {
        refused.push({ id: letter.message.id, why });
        continue;
      }
      await audit(judged);
      const reply = await deleteDeadLetter(letter, options);
      if (reply === "deleted") {
        discarded += 1;
        gone.push(letter);
      } else refused.push({ id: letter.message.id, why: `not deleted: ${reply.notDeleted}` });
    }
    return { gone, enough: false };
  });
  return {
    code: refused.length > 0 ? exitCodes.refused : exitCodes.ok,
    json: { queue: options.deadLetterQueueUrl, discarded, refused },
    text: [
      `${discarded} deleted from ${options.deadLetterQueueUrl}.`,
      ...refused.map(({ id, why }) => `  ${id}: ${why}`),
    ].join("\n"),
  };
}

function whyKept({ state, live }: JudgedLetter): string | undefined {
  if (live) return "its key is handled just now";
  if (state === "unsettled") return "an effect of it isn't settled: settle it first, with resolve";
  return undefined;
}

/** What was deleted, but for its content: of that a digest, and how much there was. */
function auditOf({ letter: { message, note }, state }: JudgedLetter) {
  return {
    ...letterJson({ letter: { message, ...(note && { note }) }, state, live: false }),
    body: { sha256: hash("sha256", message.body), bytes: Buffer.byteLength(message.body) },
  };
}

/** On the disk before it returns. */
async function writeAudit(path: string, entry: object): Promise<void> {
  const file = await open(path, "a", 0o600).catch((cause: unknown) => {
    throw new UsageError(`${path} can't be written: nothing more was deleted.`, { cause });
  });
  try {
    await file.appendFile(`${JSON.stringify(entry)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

function letterJson({ letter: { message, note }, state }: JudgedLetter) {
  return {
    id: message.id,
    originalId: note?.originalMessageId ?? null,
    reason: note?.code ?? "maxReceiveCount",
    edition: note?.edition ?? null,
    attemptIds: note?.attemptIds ?? [],
    record: state,
  };
}

function planText(plan: readonly JudgedLetter[], columns: number): string {
  if (plan.length === 0) return "Nothing to delete.";
  const rows = plan.map((judged) => [
    judged.letter.message.id,
    judged.letter.note?.code ?? "maxReceiveCount",
    whyKept(judged) ?? "is deleted",
  ]);
  return table(["DEAD LETTER", "REASON", "WHAT HAPPENS"], rows, columns);
}
