import { type Clock, systemClock } from "@exactly-once/core/ports";
import { redriveMessage, type DeadLetter, type RedriveOptions } from "@exactly-once/sqs-adapter";
import { InvalidArgumentError, type Command } from "commander";
import {
  action,
  notConfirmed,
  withAwsOptions,
  withDeadLetterOptions,
  withOutputOptions,
  withSafetyOptions,
  withStoreOptions,
  type CommandResult,
  type Context,
  type Session,
} from "../cli-command.js";
import { readAndGiveBack } from "../dead-letter-reading.js";
import { UsageError } from "../errors/usage-error.js";
import { exitCodes } from "../exit-codes.js";
import { facts, table } from "../layout.js";
import { showAge, showMoment } from "../moments.js";
import { createPacer } from "../pacer.js";
import { deadLetterQueuesOf } from "../queues.js";
import { isChosen, judgeLetters, type JudgedLetter, type LetterChoice } from "../redrive-plan.js";
import { parseCount } from "./unresolved.js";

interface RedriveFlags {
  readonly queue?: string;
  readonly deadLetterQueue?: string;
  readonly all?: boolean;
  readonly settled?: boolean;
  readonly limit: number;
  readonly rate: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const ORDER_WARNING =
  "Order is given up: on a FIFO queue they keep their group, but come after what was sent since.";

const BEHIND =
  "of each FIFO group only the first are seen; those behind them come to light as they go";

export function addRedrive(program: Command, session: Session): void {
  const command = program
    .command("redrive")
    .summary("bring dead letters back to their queue")
    .description(
      "Sends dead letters back to the queue, with their group and their note of where they had " +
        "been, and deletes them from the dead-letter queue. What to bring back is listed first. " +
        ORDER_WARNING +
        " What a record knows as sent is not sent again. (AWS's own redrive can't bring back " +
        "copies that a consumer sent.)",
    )
    .argument("[ids...]", "message ids (of the letter or the original), attempt ids or key digests")
    .option("--all", "all of them")
    .option("--settled", "those whose effects were settled after they were dead-lettered")
    .option("--limit <count>", "at most so many", parseCount, 100_000)
    .option("--rate <count>", "at most so many a second", parseRate, 10);
  withSafetyOptions(withDeadLetterOptions(command));
  withOutputOptions(withAwsOptions(withStoreOptions(command))).action(
    action(session, async (context, flags: RedriveFlags, ids: string[]) => {
      const choice = choiceOf(flags, ids);
      const options = await deadLetterQueuesOf(context, flags);
      const needsStore = choice.settled || context.settings.redis.url !== undefined;
      const store = needsStore ? await context.store() : undefined;
      const judge = (letters: readonly DeadLetter[]) => judgeLetters(letters, store);

      const plan = await dryRun(options, judge, choice, flags.limit);
      const behind = options.queueUrl.endsWith(".fifo") && choice.ids.length === 0;
      const listed = { queue: options.queueUrl, letters: plan.map(letterJson) };
      if (plan.length === 0) {
        return {
          code: exitCodes.ok,
          json: { ...listed, redriven: 0 },
          text: "Nothing to redrive.",
        };
      }
      const text = planText(plan, behind, context);
      if (flags.dryRun === true) {
        return { code: exitCodes.ok, json: { ...listed, dryRun: true }, text };
      }
      context.terminal.note(text);
      const question = `Send ${plan.length}${behind ? " and those behind them" : ""} back?`;
      if (!(await context.confirmed(question, flags))) {
        return notConfirmed({ ...listed, confirmed: false }, "");
      }
      const clock = systemClock();
      // What dies again while this runs waits for the next time.
      const startedAt = clock.now();
      const old = ({ message }: DeadLetter) => message.sentAt <= startedAt;
      const chosen = async (page: readonly DeadLetter[]) =>
        (await judge(page.filter(old)))
          .filter((letter) => isChosen(letter, choice))
          .map(({ letter }) => letter);
      return redrive(options, { ...flags, plan, chosen, clock });
    }),
  );
}

function choiceOf({ all, settled }: RedriveFlags, ids: readonly string[]): LetterChoice {
  const ways = [all === true, settled === true, ids.length > 0].filter(Boolean).length;
  if (ways !== 1) throw new UsageError("Say which: --all, --settled, or ids.");
  return { settled: settled === true, ids };
}

type Judge = (letters: readonly DeadLetter[]) => Promise<readonly JudgedLetter[]>;

async function dryRun(
  options: RedriveOptions,
  judge: Judge,
  choice: LetterChoice,
  limit: number,
): Promise<readonly JudgedLetter[]> {
  const plan: JudgedLetter[] = [];
  await readAndGiveBack(options, async (page) => {
    plan.push(...(await judge(page)).filter((letter) => isChosen(letter, choice)));
    return { gone: [], enough: plan.length >= limit };
  });
  return plan.slice(0, limit);
}

interface RedriveRun {
  /** What was listed before; whatever of it isn't found again is told. */
  readonly plan: readonly JudgedLetter[];
  readonly chosen: (page: readonly DeadLetter[]) => Promise<readonly DeadLetter[]>;
  readonly limit: number;
  /** A second. */
  readonly rate: number;
  readonly clock: Clock;
}

/** Also sends back what stood behind the listed ones in their groups, and couldn't be seen before. */
async function redrive(
  options: RedriveOptions,
  { plan, chosen, limit, rate, clock }: RedriveRun,
): Promise<CommandResult> {
  const missing = new Set(plan.map(({ letter }) => letter.message.id));
  const problems: { readonly id: string; readonly problem: string }[] = [];
  let redriven = 0;
  const pace = createPacer(clock, rate);
  const { interrupted } = await readAndGiveBack(options, async (page) => {
    const gone: DeadLetter[] = [];
    for (const letter of (await chosen(page)).slice(0, limit - redriven)) {
      await pace();
      const reply = await redriveMessage(letter, options);
      missing.delete(letter.message.id);
      if (typeof reply === "object" && "notSent" in reply) {
        problems.push({ id: letter.message.id, problem: `not sent back: ${reply.notSent}` });
        continue;
      }
      gone.push(letter);
      redriven += 1;
      if (reply !== "redriven") {
        problems.push({
          id: letter.message.id,
          problem: `it is back in the queue, but still a dead letter, too: ${reply.notDeleted}`,
        });
      }
    }
    return { gone, enough: redriven >= limit };
  });
  const why = interrupted ? "interrupted before it" : "not found again: read or deleted elsewhere";
  for (const id of missing) problems.push({ id, problem: why });
  const lines = problems.map(({ id, problem }) => `  ${id}: ${problem}`);
  return {
    code: problems.length > 0 ? exitCodes.refused : exitCodes.ok,
    json: { queue: options.queueUrl, redriven, problems },
    text: [`${redriven} sent back to ${options.queueUrl}.`, ...lines].join("\n"),
  };
}

function letterJson({ letter: { message, note }, state }: JudgedLetter) {
  return {
    id: message.id,
    originalId: note?.originalMessageId ?? null,
    groupId: message.groupId ?? null,
    edition: note?.edition ?? null,
    reason: note?.code ?? "maxReceiveCount",
    text: note?.text ?? null,
    attemptIds: note?.attemptIds ?? [],
    record: state,
    deadLetteredAt: new Date(message.sentAt).toISOString(),
  };
}

function planText(
  plan: readonly JudgedLetter[],
  behind: boolean,
  { terminal, now }: Context,
): string {
  const shown = plan
    .slice(0, 50)
    .map(({ letter: { message, note }, state }) => [
      message.id,
      [note?.code ?? "maxReceiveCount", note?.edition].filter(Boolean).join(", edition "),
      state,
      plan.length === 1 ? showAge(message.sentAt, now()) : showMoment(message.sentAt),
    ]);
  const states = new Set(plan.map(({ state }) => state));
  const notes: [string, string][] = [
    ...(states.has("unsettled")
      ? [
          ["unsettled", "will only be held again: settle it first, with resolve"] as [
            string,
            string,
          ],
        ]
      : []),
    ...(states.has("done")
      ? [["done", "was sent by now: the copy is only acknowledged"] as [string, string]]
      : []),
    ...(behind ? [["behind", BEHIND] as [string, string]] : []),
    ["order", ORDER_WARNING],
  ];
  const grid = table(["DEAD LETTER", "REASON", "RECORD", "SINCE"], shown, terminal.columns);
  const more = plan.length > shown.length ? [`… and ${plan.length - shown.length} more`] : [];
  return [grid, ...more, "", facts(notes, terminal.columns)].join("\n");
}

export function parseRate(text: string): number {
  const rate = Number(text);
  if (!(rate > 0 && rate <= 1_000)) {
    throw new InvalidArgumentError("Give a number above 0, at most 1000.");
  }
  return rate;
}
