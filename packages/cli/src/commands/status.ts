import type { ControlState, Pause, UnreadableRecord } from "@exactly-once/core/ports";
import type { Command } from "commander";
import { iso, needingAttention } from "../attention.js";
import { action, withOutputOptions, withStoreOptions, type Session } from "../cli-command.js";
import { exitCodes } from "../exit-codes.js";
import { facts, table } from "../layout.js";
import { showAge } from "../moments.js";
import { namespaceOf } from "../scope.js";

interface PipelineCounts {
  readonly pipeline: string;
  unknown: number;
  blocked: number;
  deadLettered: number;
  /** Begun so long ago that SQS has no message any more: they stay until `purge` gives them up. */
  overdue: number;
  oldestStartedAt: number;
}

/** As `purge` has it. */
const OVERDUE_MS = 14 * 86_400_000;

export function addStatus(program: Command, session: Session): void {
  const command = program
    .command("status")
    .summary("what is paused, and how much needs attention")
    .description("Tells what is paused, by whom and why, and counts what needs attention.");
  withOutputOptions(withStoreOptions(command)).action(
    action(session, async (context) => {
      const namespace = namespaceOf(context.settings);
      const store = await context.store();
      const control = await store.control.status(namespace);
      const counts = new Map<string, PipelineCounts>();
      const unreadable: UnreadableRecord[] = [];
      const attention = needingAttention(store, { namespace }, unreadable);
      for await (const { pipeline, attempt, dead } of attention) {
        const { startedAt } = attempt;
        const count = counts.get(pipeline) ?? {
          ...{ pipeline, unknown: 0, blocked: 0, deadLettered: 0 },
          ...{ overdue: 0, oldestStartedAt: startedAt },
        };
        counts.set(pipeline, count);
        if (attempt.state === "blocked") count.blocked += 1;
        else count.unknown += 1;
        if (dead) count.deadLettered += 1;
        if (startedAt < context.now() - OVERDUE_MS) count.overdue += 1;
        count.oldestStartedAt = Math.min(count.oldestStartedAt, startedAt);
      }
      const unresolved = [...counts.values()].sort((a, b) => (a.pipeline < b.pipeline ? -1 : 1));
      const json = {
        namespace,
        paused: pauseJson(control.namespace),
        pipelines: Object.fromEntries(
          Object.entries(control.pipelines).map(([name, pause]) => [name, pauseJson(pause)]),
        ),
        unresolved: unresolved.map((count) => ({
          ...count,
          oldestStartedAt: iso(count.oldestStartedAt),
        })),
        unreadable: unreadable.length,
      };
      const { columns } = context.terminal;
      const text = [
        `Namespace ${namespace}`,
        "",
        pausesText(control, context.now(), columns),
        "",
        unresolvedText(unresolved, context.now(), columns),
        ...(unreadable.length === 0 ? [] : ["", unreadableText(unreadable.length)]),
      ].join("\n");
      return { code: exitCodes.ok, json, text };
    }),
  );
}

function pauseJson(pause: Pause | undefined) {
  return pause === undefined ? null : { ...pause, at: iso(pause.at) };
}

function pausesText(control: ControlState, now: number, columns: number): string {
  const pauses: [string, Pause][] = Object.entries(control.pipelines);
  if (control.namespace) pauses.unshift(["(everything)", control.namespace]);
  if (pauses.length === 0) return "Sending: nothing is paused.";
  return facts(
    pauses.map(([name, { by, why, at }]) => [name, `paused ${showAge(at, now)} by ${by}: ${why}`]),
    columns,
  );
}

function unreadableText(count: number): string {
  return `${count} record(s) can't be read by this release: exactly-once unresolved lists them.`;
}

function unresolvedText(counts: readonly PipelineCounts[], now: number, columns: number): string {
  if (counts.length === 0) return "Nothing needs attention.";
  const rows = counts.map(({ pipeline, unknown, blocked, deadLettered, oldestStartedAt }) => [
    ...[pipeline, unknown, blocked, deadLettered, showAge(oldestStartedAt, now)],
  ]);
  const overdue = counts.reduce((sum, count) => sum + count.overdue, 0);
  const old =
    overdue === 0
      ? ""
      : `\n${overdue} were begun over 14 days ago and never expire: resolve or purge them`;
  const grid = table(
    ["NEEDS ATTENTION", "UNKNOWN", "BLOCKED", "OF THEM IN DLQ", "OLDEST"],
    rows,
    columns,
  );
  return `${grid}\n\nTo list them: exactly-once unresolved${old}`;
}
