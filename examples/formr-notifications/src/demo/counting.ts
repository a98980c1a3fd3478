import type { ExpectedEmail } from "./expected-emails.js";
import { realSeconds } from "./scale.js";

/** An email that the local SES accepted. */
export interface AcceptedEmail {
  readonly to: string;
  readonly identity: string;
  /** Milliseconds of the replay since its start. */
  readonly atMs: number;
}

/** What is known beside the emails. */
export interface Observations {
  /** Seconds of real time until somebody watching would have known; null: never. */
  readonly firstAlarmSeconds: number | null;
  /** Messages in the dead-letter queues at the end. */
  readonly deadLettered: number;
  /** Emails that wait for evidence or an operator. */
  readonly held: number;
}

/** The figures of one service, as `--json` writes them. Seconds are real time, scaled back. */
export interface Figures extends Observations {
  /** Events published; each wants one email. */
  readonly events: number;
  /** Emails that SES accepted. */
  readonly emails: number;
  /** Doctors with at least two copies of one notification, at least three, and the most copies. */
  readonly doctors2: number;
  readonly doctors3: number;
  readonly max: number;
  /** Doctors with at least two emails in the window, rightly or not, at least three, the most. */
  readonly received2: number;
  readonly received3: number;
  readonly receivedMax: number;
  /** From the first to the last copy of one notification, the longest. */
  readonly burstSeconds: number;
  /** Notifications that nobody got. */
  readonly missing: number;
}

export interface Tally {
  readonly figures: Figures;
  /** Emails that match no notification of the workload. */
  readonly unexpected: number;
  /** Whether each notification was sent once, and nothing else was. */
  readonly exactlyOnce: boolean;
}

/** Compares what SES accepted with what the workload wants. */
export function tally(
  expected: readonly ExpectedEmail[],
  accepted: readonly AcceptedEmail[],
  observations: Observations,
): Tally {
  const copies = timesBy(accepted, (email) => email.identity);
  const received = [...timesBy(accepted, (email) => email.to).values()].map(({ length }) => length);
  const wanted = new Set(expected.map(({ identity }) => identity));
  const mostCopies = [...worstCopies(expected, copies).values()];
  const missing = expected.filter(({ identity }) => !copies.has(identity)).length;
  const unexpected = accepted.filter(({ identity }) => !wanted.has(identity)).length;
  return {
    figures: {
      events: expected.length,
      emails: accepted.length,
      doctors2: atLeast(2, mostCopies),
      doctors3: atLeast(3, mostCopies),
      max: Math.max(0, ...mostCopies),
      received2: atLeast(2, received),
      received3: atLeast(3, received),
      receivedMax: Math.max(0, ...received),
      burstSeconds: longestBurst([...copies.values()]),
      missing,
      ...observations,
    },
    unexpected,
    exactlyOnce: missing === 0 && unexpected === 0 && mostCopies.every((most) => most === 1),
  };
}

function timesBy(
  emails: readonly AcceptedEmail[],
  key: (email: AcceptedEmail) => string,
): ReadonlyMap<string, readonly number[]> {
  const groups = new Map<string, number[]>();
  for (const email of emails) {
    groups.set(key(email), [...(groups.get(key(email)) ?? []), email.atMs]);
  }
  return groups;
}

/** For each doctor, how many copies came of the notification that came most often. */
function worstCopies(
  expected: readonly ExpectedEmail[],
  copies: ReadonlyMap<string, readonly number[]>,
): ReadonlyMap<string, number> {
  const worst = new Map<string, number>();
  for (const { to, identity } of expected) {
    worst.set(to, Math.max(worst.get(to) ?? 0, copies.get(identity)?.length ?? 0));
  }
  return worst;
}

const atLeast = (least: number, counts: readonly number[]): number =>
  counts.filter((count) => count >= least).length;

function longestBurst(copies: readonly (readonly number[])[]): number {
  const lengths = copies.map((times) => Math.max(...times) - Math.min(...times));
  return Math.round(realSeconds(Math.max(0, ...lengths)));
}
