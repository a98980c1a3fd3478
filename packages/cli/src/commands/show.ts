import { notificationKey } from "@exactly-once/core";
import {
  repliesOf,
  type AttemptInfo,
  parseAttemptId,
  type RecordView,
} from "@exactly-once/core/ports";
import type { Command } from "commander";
import { iso } from "../attention.js";
import {
  action,
  withOutputOptions,
  withStoreOptions,
  type CommandResult,
  type Session,
} from "../cli-command.js";
import { UsageError } from "../errors/usage-error.js";
import { evidenceFor } from "../evidence.js";
import { exitCodes } from "../exit-codes.js";
import { facts } from "../layout.js";
import { showAge } from "../moments.js";
import { whereabouts } from "../whereabouts.js";

export function addShow(program: Command, session: Session): void {
  const command = program
    .command("show")
    .summary("one record: its state, its message, what evidence to look for")
    .description(
      "Shows one record: its effects, where its message is, and what to look for where nobody " +
        "knows whether an effect was accepted.",
    )
    .argument("<key|attempt>", "a key's digest, a key in words (JSON), or an attempt id");
  withOutputOptions(withStoreOptions(command)).action(
    action(session, async (context, _options: object, given: string): Promise<CommandResult> => {
      const key = keyOf(given);
      const store = await context.store();
      const [record] = repliesOf(await store.read([key]));
      if (!record) {
        const text =
          `There is no record of ${key}: it was never claimed, its retention is over, or it is in ` +
          "another Redis or under another --key-prefix.";
        return { code: exitCodes.refused, json: { key, record: null }, text };
      }
      const now = context.now();
      const unknownAttempt =
        parseAttemptId(given) !== undefined &&
        !record.effects.some(({ attemptId }) => attemptId === given);
      return {
        code: exitCodes.ok,
        json: recordJson(record, now),
        text: recordText(record, now, context.terminal.columns, unknownAttempt ? given : undefined),
      };
    }),
  );
}

/** @throws UsageError where the text is none of the three */
function keyOf(given: string): string {
  const attempt = parseAttemptId(given);
  if (attempt) return attempt.key;
  if (/^[0-9a-f]{32}$/.test(given)) return given;
  try {
    const [namespace, pipeline, ...parts] = JSON.parse(given) as never[];
    const edition = editionOf(parts.at(-1));
    const own = edition === undefined ? parts : parts.slice(0, -1);
    return notificationKey(String(namespace), String(pipeline), own, edition).digest;
  } catch (cause) {
    const forms = `32 hexadecimal digits, an attempt id, or JSON such as '["service","pipeline","part"]'`;
    throw new UsageError(`${given} names no key: give ${forms}.`, { cause });
  }
}

/** A key in words ends with its edition, where it has one. */
function editionOf(last: unknown): string | undefined {
  if (typeof last !== "object" || last === null || !("edition" in last)) return undefined;
  return String(last.edition);
}

function recordJson(record: RecordView, now: number) {
  const { place } = whereabouts(record, now);
  return {
    ...record,
    leaseUntil: iso(record.leaseUntil),
    message: place,
    effects: record.effects.map((attempt) => ({
      ...attempt,
      startedAt: iso(attempt.startedAt),
      deadline: iso(attempt.deadline),
      staleAt: iso(attempt.staleAt),
      evidence: evidenceFor(attempt, now),
    })),
    ...(record.dead ? { dead: { ...record.dead, at: iso(record.dead.at) } } : {}),
    ...(record.resolutions
      ? { resolutions: record.resolutions.map((one) => ({ ...one, at: iso(one.at) })) }
      : {}),
  };
}

function recordText(
  record: RecordView,
  now: number,
  columns: number,
  unknownAttempt: string | undefined,
): string {
  const head: [string, string][] = [
    ["key", record.key],
    ...(record.keyText === undefined ? [] : [["in words", record.keyText] as [string, string]]),
    ["pipeline", record.pipeline],
    ["state", record.state],
    ["message", whereabouts(record, now).text],
    ...(record.fingerprint === undefined
      ? []
      : [["content", record.fingerprint] as [string, string]]),
  ];
  const blocks = [facts(head, columns)];
  for (const attempt of record.effects) {
    blocks.push(effectText(attempt, record.duplicates?.[attempt.effect] ?? [], now, columns));
  }
  if (record.effects.length === 0) blocks.push("No effect was begun.");
  for (const [effect, why] of Object.entries(record.waived ?? {})) {
    blocks.push(facts([["waived", `${effect}: ${why}`]], columns));
  }
  for (const { attemptId, verdict, by, why, at } of record.resolutions ?? []) {
    blocks.push(
      facts(
        [["resolved", `${verdict} by ${by}, ${showAge(at, now)}: ${why} (${attemptId})`]],
        columns,
      ),
    );
  }
  if (unknownAttempt !== undefined) {
    blocks.push(
      facts([["note", `the record doesn't know the attempt ${unknownAttempt} any more`]], columns),
    );
  }
  return blocks.join("\n\n");
}

function effectText(
  attempt: AttemptInfo,
  duplicates: readonly { readonly id: string | null }[],
  now: number,
  columns: number,
): string {
  const { receipt } = attempt;
  const pairs: [string, string][] = [
    ["effect", attempt.effect],
    ["attempt", attempt.attemptId],
    ["state", attempt.state + (attempt.reason === undefined ? "" : `: ${attempt.reason}`)],
    ["begun", showAge(attempt.startedAt, now)],
  ];
  if (receipt) {
    const id = receipt.id ?? "without an id";
    pairs.push(["receipt", `${id}, ${showAge(receipt.at, now)}, by ${receipt.via}`]);
  }
  if (attempt.settledAfterDeadLetter === true) {
    pairs.push(["note", "settled after its message was dead-lettered: redrive --settled"]);
  }
  for (const { id } of duplicates) pairs.push(["DUPLICATE", `also accepted as ${id}`]);
  for (const line of evidenceFor(attempt, now)) pairs.push(["evidence", line]);
  return facts(pairs, columns);
}
