import type { UnreadableRecord, UnresolvedItem } from "@exactly-once/core/ports";
import { InvalidArgumentError, Option, type Command } from "commander";
import { attentionJson, needingAttention } from "../attention.js";
import { action, withOutputOptions, withStoreOptions, type Session } from "../cli-command.js";
import { exitCodes } from "../exit-codes.js";
import { facts, wrap } from "../layout.js";
import { parseMoment, showAge, showDuration } from "../moments.js";

interface UnresolvedOptions {
  readonly pipeline?: string;
  readonly state?: "unknown" | "blocked";
  readonly since?: number;
  readonly until?: number;
  readonly limit: number;
  readonly exitCode?: boolean;
}

export function addUnresolved(program: Command, session: Session): void {
  const moment = (text: string) => parseMoment(text, session.world.now());
  const command = program
    .command("unresolved")
    .summary("list what needs attention: unknown outcomes and blocked effects")
    .description(
      "Lists what needs attention, oldest first: effects of which nobody knows whether the " +
        "provider took them (unknown), and those the tripwire blocked (blocked).",
    )
    .option("-p, --pipeline <name>", "only of this pipeline")
    .addOption(new Option("--state <state>", "only these").choices(["unknown", "blocked"]))
    .option("--since <time>", "attempts begun at or after: ISO 8601, or ago (2h)", moment)
    .option("--until <time>", "attempts begun before", moment)
    .option("--limit <count>", "list at most so many", parseCount, 1_000)
    .option("--exit-code", "end with 1 if there is anything to list");
  withOutputOptions(withStoreOptions(command)).action(
    action(session, async (context, options: UnresolvedOptions) => {
      const { pipeline, state, since, until, limit } = options;
      const { namespace } = context.settings;
      const store = await context.store();
      const items: UnresolvedItem[] = [];
      const unreadable: UnreadableRecord[] = [];
      let more = false;
      const filter = { namespace, pipeline, state, since, until };
      for await (const item of needingAttention(store, filter, unreadable)) {
        more = items.length === limit;
        if (more) break;
        items.push(item);
      }
      const isAny = items.length > 0 || unreadable.length > 0;
      const found = options.exitCode === true && isAny;
      return {
        code: found ? exitCodes.found : exitCodes.ok,
        json: { namespace: namespace ?? null, items: items.map(attentionJson), unreadable, more },
        text: describe({ items, unreadable, more }, context.now(), context.terminal.columns),
      };
    }),
  );
}

export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("Give a whole number from 1.");
  return Number(text);
}

interface Listed {
  readonly items: readonly UnresolvedItem[];
  readonly unreadable: readonly UnreadableRecord[];
  readonly more: boolean;
}

function describe({ items, unreadable, more }: Listed, now: number, columns: number): string {
  if (items.length === 0 && unreadable.length === 0) return "Nothing needs attention.";
  const blocks = [
    ...items.map((item) => describeItem(item, now, columns)),
    ...unreadable.map(({ key, why }) => describeUnreadable(key, why, columns)),
  ];
  if (items.length === 0) return blocks.join("\n\n");
  const count = `${items.length}${more ? " or more: raise --limit to see the rest" : ""}`;
  return [
    ...blocks,
    wrap(
      `${count}. To look closer: exactly-once show ATTEMPT. To settle: exactly-once resolve --help`,
      columns,
    ).join("\n"),
  ].join("\n\n");
}

function describeItem(item: UnresolvedItem, now: number, columns: number): string {
  const { attempt, dead } = item;
  const pairs: [string, string][] = [
    ["state", attempt.state + (attempt.reason === undefined ? "" : `: ${attempt.reason}`)],
    ["key", item.keyText],
    ["begun", showAge(attempt.startedAt, now)],
    [
      "message",
      dead
        ? `in the dead-letter queue since ${showAge(dead.at, now)}: ${dead.reason}`
        : "kept in its queue",
    ],
  ];
  if (attempt.state === "unknown" && attempt.staleAt > now) {
    pairs.push(["not sent", `can be said in ${showDuration(attempt.staleAt - now)}`]);
  }
  return `${attempt.attemptId}\n${indented(facts(pairs, columns - 2))}`;
}

function describeUnreadable(key: string, why: string, columns: number): string {
  const pairs: [string, string][] = [
    ["state", `can't be read by this release: ${why}`],
    ["message", "kept in its queue, until a release that can read the record takes it"],
  ];
  return `${key}\n${indented(facts(pairs, columns - 2))}`;
}

const indented = (text: string) => text.replace(/^/gm, "  ");
