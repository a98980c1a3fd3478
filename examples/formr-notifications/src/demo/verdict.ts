import type { AcceptedEmail, Tally } from "./counting.js";
import type { ExpectedEmail } from "./expected-emails.js";
import { counted, duration } from "./in-words.js";
import { realSeconds } from "./scale.js";
import type { Outcome } from "./table.js";

/** Whether the replay shows what it should: ours sent each email exactly once, the other didn't. */
export const passed = ({ naive, ours }: Outcome): boolean => ours.exactlyOnce && !naive.exactlyOnce;

/** The outcome in two sentences. */
export function verdict({ naive, ours }: Outcome): string {
  return `${sentence("The naive service", naive)} ${sentence("Ours", ours)}`;
}

function sentence(who: string, { figures, unexpected, exactlyOnce }: Tally): string {
  if (exactlyOnce) return `${who} sent each of ${figures.events} emails exactly once.`;
  const faults = [
    figures.doctors2 > 0 &&
      `sent ${counted(figures.doctors2, "doctor")} the same notification more than once (up to ${figures.max} times)`,
    figures.missing > 0 && `left out ${counted(figures.missing, "email")}`,
    unexpected > 0 && `sent ${counted(unexpected, "email")} that nobody expected`,
  ].filter((fault) => fault !== false);
  return `${who} ${faults.join(", ")}.`;
}

/** When a check on what goes out would have found the first copy, whoever sent it. */
export function alarmNote(
  expected: readonly ExpectedEmail[],
  naive: readonly AcceptedEmail[],
): string {
  const seen = new Set<string>();
  const wanted = new Set(expected.map(({ identity }) => identity));
  const copy = naive.find(
    ({ identity }) => seen.size === seen.add(identity).size && wanted.has(identity),
  );
  if (copy === undefined) return "The naive service sent no copy that a check could have found.";
  const after = duration(Math.round(realSeconds(copy.atMs)));
  return (
    "Nothing watched what the naive service sent. A check for equal emails to one doctor, as ours " +
    `has, would have rung at its first copy, after ${after}.`
  );
}
