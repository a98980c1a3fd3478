import type { DedupeStore } from "@exactly-once/core";
import {
  repliesOf,
  parseAttemptId,
  type Resolver,
  type ResolveReply,
  type Verdict,
} from "@exactly-once/core/ports";
import { InvalidArgumentError, Option, type Command } from "commander";
import { iso, needingAttention } from "../attention.js";
import {
  action,
  notConfirmed,
  withOutputOptions,
  withStoreOptions,
  type CommandResult,
  type Context,
  type Session,
} from "../cli-command.js";
import { UsageError } from "../errors/usage-error.js";
import { exitCodes } from "../exit-codes.js";
import { facts, wrap } from "../layout.js";
import { parseMoment, showAge } from "../moments.js";

interface ResolveOptions {
  readonly sent?: boolean;
  readonly notSent?: boolean;
  readonly allow?: boolean;
  readonly drop?: boolean;
  readonly acceptPayload?: string;
  readonly by: string;
  readonly why: string;
  readonly pipeline?: string;
  readonly since?: number;
  readonly until?: number;
  readonly yes?: boolean;
}

/** Resolutions under way at a time. */
const AT_ONCE = 50;

const AFTERWARDS =
  "Messages held in their queue go on by themselves within 30 seconds; those dead-lettered wait " +
  "for: exactly-once redrive --settled";

const consequences = {
  sent: "They count as sent: they will never be sent again.",
  "not-sent": "They count as not sent: each will be sent again.",
  allow: "They will be sent, although the tripwire blocked them.",
  drop: "They will never be sent.",
} as const;

export function addResolve(program: Command, session: Session): void {
  const moment = (text: string) => parseMoment(text, session.world.now());
  const verdicts = ["sent", "notSent", "allow", "drop", "acceptPayload"] as const;
  const verdict = (flags: string, text: string, name: (typeof verdicts)[number]) =>
    new Option(flags, text).conflicts(verdicts.filter((other) => other !== name));
  const command = program
    .command("resolve")
    .summary("settle an unknown or blocked effect, or many")
    .description(
      "Records your verdict on attempts: one, several, or all that a filter selects. A message " +
        "that is held in its queue then goes on by itself; for one that was dead-lettered, run " +
        "redrive --settled afterwards.",
    )
    .argument("[attempts...]", "attempt ids, as unresolved lists them")
    .optionsGroup("Verdict (one):")
    .addOption(verdict("--sent", "the provider took it: never send it again", "sent"))
    .addOption(verdict("--not-sent", "it didn't: send it again", "notSent"))
    .addOption(verdict("--allow", "send what the tripwire blocked", "allow"))
    .addOption(verdict("--drop", "never send what the tripwire blocked", "drop"))
    .addOption(
      verdict("--accept-payload <fp>", "take other content under this key", "acceptPayload"),
    )
    .optionsGroup("Kept in the record:")
    .requiredOption("--by <who>", "who decides", notBlank)
    .requiredOption("--why <text>", "on what evidence", notBlank)
    .optionsGroup("Many at once, instead of attempt ids:")
    .option("-p, --pipeline <name>", "all of this pipeline")
    .option("--since <time>", "all begun at or after: ISO 8601, or ago (2h)", moment)
    .option("--until <time>", "all begun before", moment)
    .optionsGroup("Safety:")
    .option("-y, --yes", "don't ask");
  withOutputOptions(withStoreOptions(command)).action(
    action(session, async (context, options: ResolveOptions, attempts: string[]) => {
      const verdict = verdictOf(options);
      const store = await context.store();
      const chosen = await choose(context, store, options, attempts, verdict);
      if (chosen.length === 0) {
        return { code: exitCodes.ok, json: { results: [] }, text: "Nothing to resolve." };
      }
      const question = describePlan(chosen, verdict);
      context.terminal.note(question);
      if (!(await context.confirmed("Go on?", options))) {
        return notConfirmed({ confirmed: false, attempts: chosen }, "");
      }
      const who: Resolver = { by: options.by, why: options.why };
      return report(await resolveAll(store, chosen, verdict, who, context.now), context);
    }),
  );
}

function verdictOf(options: ResolveOptions): Verdict {
  if (options.sent === true) return "sent";
  if (options.notSent === true) return "not-sent";
  if (options.allow === true) return "allow";
  if (options.drop === true) return "drop";
  if (options.acceptPayload !== undefined) return { acceptPayload: options.acceptPayload };
  throw new UsageError(
    "Say the verdict: --sent, --not-sent, --allow, --drop or --accept-payload FP.",
  );
}

async function choose(
  context: Context,
  store: DedupeStore,
  { pipeline, since, until }: ResolveOptions,
  attempts: readonly string[],
  verdict: Verdict,
): Promise<readonly string[]> {
  const filtered = pipeline !== undefined || since !== undefined || until !== undefined;
  if (attempts.length > 0 && filtered) {
    throw new UsageError("Give attempt ids, or --pipeline and times, not both.");
  }
  if (attempts.length > 0) {
    const strange = attempts.filter((id) => !parseAttemptId(id));
    if (strange.length > 0) throw new UsageError(`No attempt ids: ${strange.join(", ")}.`);
    if (typeof verdict === "object" && attempts.length > 1) {
      throw new UsageError("--accept-payload takes one attempt.");
    }
    return [...new Set(attempts)];
  }
  if (!filtered) {
    throw new UsageError("Say which: attempt ids, or --pipeline, --since and --until.");
  }
  if (typeof verdict === "object") {
    throw new UsageError("--accept-payload takes one attempt by its id.");
  }
  const state = verdict === "sent" || verdict === "not-sent" ? "unknown" : "blocked";
  const { namespace } = context.settings;
  const ids: string[] = [];
  for await (const { attempt } of needingAttention(store, {
    namespace,
    pipeline,
    since,
    until,
    state,
  })) {
    ids.push(attempt.attemptId);
  }
  return ids;
}

function describePlan(chosen: readonly string[], verdict: Verdict): string {
  const shown = chosen.slice(0, 20).map((id) => `  ${id}`);
  const more = chosen.length > 20 ? [`  … and ${chosen.length - 20} more`] : [];
  const consequence =
    typeof verdict === "object"
      ? `Messages of this key with the content ${verdict.acceptPayload} are handled from now on.`
      : consequences[verdict as keyof typeof consequences];
  const count = chosen.length === 1 ? "1 attempt" : `${chosen.length} attempts`;
  return [`To resolve, ${count}:`, ...shown, ...more, consequence].join("\n");
}

interface Resolved {
  readonly attemptId: string;
  readonly reply: ResolveReply;
}

async function resolveAll(
  store: DedupeStore,
  ids: readonly string[],
  verdict: Verdict,
  who: Resolver,
  now: () => number,
): Promise<readonly Resolved[]> {
  const results: Resolved[] = [];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const some = ids.slice(at, at + AT_ONCE);
    const replies = some.map(async (attemptId) => ({
      attemptId,
      reply:
        (await tooEarly(store, attemptId, verdict, now)) ??
        (await store.resolve(attemptId, verdict, who)),
    }));
    results.push(...(await Promise.all(replies)));
  }
  return results;
}

/**
 * The store refuses a "not sent" before its time, too. But a command that hangs on its way is judged
 * when it is executed: what was looked up too early would then count, so it isn't even sent.
 */
async function tooEarly(
  store: DedupeStore,
  attemptId: string,
  verdict: Verdict,
  now: () => number,
): Promise<ResolveReply | undefined> {
  const ref = verdict === "not-sent" ? parseAttemptId(attemptId) : undefined;
  if (!ref) return undefined;
  const [record] = repliesOf(await store.read([ref.key]));
  const attempt = record?.effects.find((effect) => effect.attemptId === attemptId);
  return attempt && attempt.staleAt > now() ? { tooEarly: attempt.staleAt } : undefined;
}

function report(results: readonly Resolved[], { now, terminal }: Context): CommandResult {
  const resolved = results.filter(({ reply }) => reply === "resolved").length;
  const refused = results.filter(({ reply }) => reply !== "resolved");
  const lines = refused.flatMap(({ attemptId, reply }) => [
    attemptId,
    facts([["  refused", whyRefused(reply, now())]], terminal.columns),
  ]);
  const after = resolved === 0 ? [] : wrap(AFTERWARDS, terminal.columns);
  return {
    code: refused.length > 0 ? exitCodes.refused : exitCodes.ok,
    json: { results: results.map(resultJson), resolved, refused: refused.length },
    text: [`${resolved} of ${results.length} resolved.`, ...lines, ...after].join("\n"),
  };
}

function resultJson({ attemptId, reply }: Resolved) {
  if (typeof reply === "string") return { attemptId, result: reply };
  if ("tooEarly" in reply) {
    return { attemptId, result: "tooEarly", notBefore: iso(reply.tooEarly) };
  }
  return { attemptId, result: "already", state: reply.already };
}

function whyRefused(reply: ResolveReply, now: number): string {
  if (reply === "resolved") return "";
  if (reply === "notFound") return "no record knows this attempt; it may have been superseded";
  if ("tooEarly" in reply) {
    return `too early; not before ${showAge(reply.tooEarly, now)}, since until then the provider could still take it`;
  }
  return `the verdict doesn't apply: it is ${reply.already}`;
}

function notBlank(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("It is kept for whoever asks later.");
  return text;
}
