import { emailTags } from "@exactly-once/ses-adapter";
import { setTimeout as sleep } from "node:timers/promises";
import { listUnresolved } from "./count.js";
import type { Stack } from "./stack.js";

/** How many verdicts of each kind the store took. */
export interface Verdicts {
  readonly sent: number;
  readonly notSent: number;
}

const OPERATOR = { by: "operator", why: "the mailbox was looked at" };
const WAIT_MS = 1_000;

/** Resolves all that is listed by what SES knows: sent, or not sent once that can be known. */
export async function resolveAll({ store, ses }: Stack, withinMs: number): Promise<Verdicts> {
  const until = Date.now() + withinMs;
  const verdicts = { sent: 0, notSent: 0 };
  while (Date.now() < until) {
    const items = await listUnresolved(store);
    if (items.length === 0) break;
    const accepted = new Set(ses.sent().map(({ tags }) => tags[emailTags.attempt]));
    for (const { attempt } of items) {
      const isSent = accepted.has(attempt.attemptId);
      const verdict = isSent ? "sent" : "not-sent";
      const reply = await store.resolve(attempt.attemptId, verdict, OPERATOR);
      if (reply === "resolved") verdicts[isSent ? "sent" : "notSent"] += 1;
    }
    await sleep(WAIT_MS);
  }
  return verdicts;
}
