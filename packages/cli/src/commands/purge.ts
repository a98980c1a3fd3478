import type { DedupeStore } from "@exactly-once/core";
import {
  repliesOf,
  type AttemptInfo,
  type Resolver,
  type UnresolvedItem,
} from "@exactly-once/core/ports";
import type { Command } from "commander";
import { randomUUID } from "node:crypto";
import { attentionJson, needingAttention } from "../attention.js";
import {
  action,
  notConfirmed,
  withOutputOptions,
  withSafetyOptions,
  withStoreOptions,
  type CommandResult,
  type Session,
} from "../cli-command.js";
import { UsageError } from "../errors/usage-error.js";
import { exitCodes } from "../exit-codes.js";
import { wrap } from "../layout.js";
import { parseDuration, showDuration } from "../moments.js";
import { namespaceOf, whoIsAsking } from "../scope.js";

interface PurgeFlags {
  readonly olderThan: number;
  readonly why: string;
  readonly by?: string;
  readonly pipeline?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** SQS keeps a message for so long at most: what is younger may still have one in its queue. */
const LEAST_AGE_MS = 14 * 86_400_000;
const LEASE_MS = 10_000;

export function addPurge(program: Command, session: Session): void {
  const command = program
    .command("purge")
    .summary("give up effects that nobody settled for a long time")
    .description(
      "Records with an effect that nobody settled never expire. This gives such effects up: what is " +
        "unknown counts as sent, what is blocked is dropped, with your name and reason, and their " +
        "records are done; the store forgets them after its retention. A copy of the message that is " +
        "redriven later is then only acknowledged, so look at the dead-letter queue first.",
    )
    .requiredOption("--older-than <duration>", "begun so long ago, at least 14d", parseDuration)
    .requiredOption("--why <text>", "kept in each record")
    .option("--by <who>", "who gives them up (default: $USER)")
    .option("-p, --pipeline <name>", "only of this pipeline");
  withSafetyOptions(command);
  withOutputOptions(withStoreOptions(command)).action(
    action(session, async (context, flags: PurgeFlags) => {
      const namespace = namespaceOf(context.settings);
      const by = whoIsAsking(flags.by, session.world.env);
      if (flags.olderThan < LEAST_AGE_MS) {
        throw new UsageError("--older-than must be 14d or more: SQS may still have the message.");
      }
      const store = await context.store();
      const until = context.now() - flags.olderThan;
      const items: UnresolvedItem[] = [];
      for await (const item of needingAttention(store, {
        ...{ namespace, until, pipeline: flags.pipeline },
      })) {
        items.push(item);
      }
      const listed = { namespace, items: items.map(attentionJson) };
      const text = planText(items, flags.olderThan, context.terminal.columns);
      if (items.length === 0 || flags.dryRun === true) {
        return { code: exitCodes.ok, json: { ...listed, purged: 0 }, text };
      }
      context.terminal.note(text);
      if (!(await context.confirmed("Give them up for good?", flags))) {
        return notConfirmed({ ...listed, confirmed: false }, "");
      }
      const who = { by, why: `purge: ${flags.why}` };
      return report(await purgeAll(store, items, until, who));
    }),
  );
}

interface Purged {
  readonly purged: readonly string[];
  readonly refused: readonly { readonly key: string; readonly why: string }[];
}

async function purgeAll(
  store: DedupeStore,
  items: readonly UnresolvedItem[],
  until: number,
  who: Resolver,
): Promise<Purged> {
  const purged: string[] = [];
  const refused: { readonly key: string; readonly why: string }[] = [];
  for (const key of new Set(items.map((item) => item.key))) {
    const why = await purge(store, key, until, who);
    if (why === undefined) purged.push(key);
    else refused.push({ key, why });
  }
  return { purged, refused };
}

/**
 * Settles what is open, and makes the record done. Claimed for that, since it may have been begun again
 * since it was listed.
 *
 * @returns why not, where it wasn't done
 */
async function purge(
  store: DedupeStore,
  key: string,
  until: number,
  who: Resolver,
): Promise<string | undefined> {
  const [record] = repliesOf(await store.read([key]));
  if (!record || record.state === "done") return "it was settled meanwhile";
  const owner = randomUUID();
  const [claimed] = repliesOf(
    await store.claim([
      {
        ...{ key, keyText: record.keyText ?? "", pipeline: record.pipeline, owner },
        ...{ leaseMs: LEASE_MS, messageId: "purge", fingerprint: record.fingerprint ?? "" },
      },
    ]),
  );
  if (claimed?.status !== "claimed") return `it is ${claimed?.status ?? "gone"}`;
  const lease = { key, owner, fence: claimed.fence };
  const open = claimed.effects.filter(({ state }) => state !== "accepted");
  const problem = await settleOpen(store, open, until, who);
  if (problem !== undefined) {
    await store.release([lease]);
    return problem;
  }
  const refusals = open.filter(({ state }) => state === "rejected");
  const waived = Object.fromEntries(refusals.map(({ effect }) => [effect, who.why]));
  const [reply] = repliesOf(await store.complete([{ ...lease, waived }]));
  return reply === "done" ? undefined : "its claim was lost";
}

/** What is unknown counts as sent from now on, so that nothing can be sent a second time. */
async function settleOpen(
  store: DedupeStore,
  open: readonly AttemptInfo[],
  until: number,
  who: Resolver,
): Promise<string | undefined> {
  for (const { attemptId, state, startedAt } of open) {
    if (startedAt >= until) return "it was begun again meanwhile";
    if (state !== "unknown" && state !== "blocked") continue;
    const reply = await store.resolve(attemptId, state === "unknown" ? "sent" : "drop", who);
    if (reply !== "resolved") return `${attemptId} was settled meanwhile`;
  }
  return undefined;
}

function planText(items: readonly UnresolvedItem[], ageMs: number, columns: number): string {
  if (items.length === 0) return `Nothing was begun more than ${showDuration(ageMs)} ago.`;
  const shown = items
    .slice(0, 20)
    .map(({ attempt }) => `  ${attempt.attemptId} (${attempt.state})`);
  const more = items.length > shown.length ? [`  … and ${items.length - shown.length} more`] : [];
  const consequence =
    "Whether these were sent will never be known; copies of their messages are acknowledged.";
  return [`To give up, ${items.length}:`, ...shown, ...more, ...wrap(consequence, columns)].join(
    "\n",
  );
}

function report({ purged, refused }: Purged): CommandResult {
  return {
    code: refused.length > 0 ? exitCodes.refused : exitCodes.ok,
    json: { purged: purged.length, keys: purged, refused },
    text: [
      `${purged.length} records given up.`,
      ...refused.map(({ key, why }) => `  ${key}: ${why}`),
    ].join("\n"),
  };
}
