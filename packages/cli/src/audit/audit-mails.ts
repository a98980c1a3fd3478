import { findBursts, type Burst, type BurstOptions } from "./find-bursts.js";
import type { SentMail } from "./sent-mail.js";

/** How many recipients got how many copies. */
export interface CopyFigures {
  /** Recipients with two and more. */
  readonly recipients2: number;
  /** Recipients with three and more. */
  readonly recipients3: number;
  /** The most that one recipient got; 0 without any email. */
  readonly most: number;
}

export interface AuditReport {
  readonly windowMs: number;
  readonly legitimate: number;
  /** Emails that reached somebody; one to three recipients counts once. */
  readonly emails: number;
  readonly recipients: number;
  /** ms since the epoch; absent without any email. */
  readonly firstAt?: number;
  readonly lastAt?: number;
  /** Whether every email could be told from the others, so that the bounds are one. */
  readonly exact: boolean;
  /** Copies of one email. */
  readonly same: { readonly definitely: CopyFigures; readonly atMost: CopyFigures };
  /** Copies beyond the first of each email. */
  readonly extraCopies: { readonly definitely: number; readonly atMost: number };
  /** Emails of any kind that a recipient got, in all. */
  readonly received: CopyFigures;
  /** The same within any one window. */
  readonly receivedInWindow: CopyFigures;
  /** From the first copy of an email to its last, ms; 0 where nothing came twice. */
  readonly longestBurstMs: number;
  /** Recipients who got different emails with one subject within a window; not counted above. */
  readonly toldApart: number;
  /** The worst first. */
  readonly bursts: readonly Burst[];
  readonly timeline: readonly TimelineBar[];
}

/** Emails within `bucketMs` from `at`. */
export interface TimelineBar {
  readonly at: number;
  readonly first: number;
  readonly repeated: number;
}

const TIMELINE_BARS = 60;

/** Who got the same email more than once. */
export function auditMails(mails: Iterable<SentMail>, options: BurstOptions): AuditReport {
  const byRecipient = new Map<string, SentMail[]>();
  let emails = 0;
  let exact = true;
  for (const mail of mails) {
    emails += 1;
    exact &&= mail.notification !== undefined || mail.content !== undefined;
    for (const recipient of new Set(mail.recipients)) {
      const known = byRecipient.get(recipient);
      if (known) known.push(mail);
      else byRecipient.set(recipient, [mail]);
    }
  }
  const bursts: Burst[] = [];
  let toldApart = 0;
  for (const [recipient, got] of byRecipient) {
    if (got.length < 2) continue;
    const findings = findBursts(recipient, got, options);
    bursts.push(...findings.bursts);
    if (findings.toldApart > 0) toldApart += 1;
  }
  bursts.sort((a, b) => b.definitely - a.definitely || b.atMost - a.atMost || start(a) - start(b));
  const received = [...byRecipient.values()];
  const span = spanOf(received);
  return {
    ...options,
    emails,
    recipients: byRecipient.size,
    ...span,
    exact,
    same: {
      definitely: figures(
        perRecipient(bursts, ({ definitely }) => definitely),
        byRecipient.size,
      ),
      atMost: figures(
        perRecipient(bursts, ({ atMost }) => atMost),
        byRecipient.size,
      ),
    },
    extraCopies: {
      definitely: total(bursts.map((burst) => burst.definitely - 1)),
      atMost: total(bursts.map((burst) => burst.atMost - 1)),
    },
    received: figures(
      received.map((got) => got.length),
      byRecipient.size,
    ),
    receivedInWindow: figures(
      received.map((got) => mostWithin(got, options.windowMs)),
      byRecipient.size,
    ),
    longestBurstMs: largest(bursts.map(({ times }) => (times.at(-1) ?? 0) - (times[0] ?? 0))),
    toldApart,
    bursts,
    timeline: span ? timelineOf(received, bursts, span) : [],
  };
}

const start = ({ times }: Burst) => times[0] ?? 0;
const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
/** Not `Math.max(...)`, which a long history would overflow. */
const largest = (counts: readonly number[]) => counts.reduce((a, b) => (b > a ? b : a), 0);

/** The worst burst of each recipient. */
function perRecipient(bursts: readonly Burst[], count: (burst: Burst) => number): number[] {
  const worst = new Map<string, number>();
  for (const burst of bursts) {
    worst.set(burst.recipient, Math.max(worst.get(burst.recipient) ?? 1, count(burst)));
  }
  return [...worst.values()];
}

function figures(counts: readonly number[], recipients: number): CopyFigures {
  return {
    recipients2: counts.filter((count) => count >= 2).length,
    recipients3: counts.filter((count) => count >= 3).length,
    most: Math.max(largest(counts), recipients > 0 ? 1 : 0),
  };
}

/** The most emails within any stretch of that length. */
function mostWithin(mails: readonly SentMail[], windowMs: number): number {
  const times = mails.map(({ at }) => at).sort((a, b) => a - b);
  let most = 0;
  let from = 0;
  for (const [to, at] of times.entries()) {
    while (at - (times[from] ?? at) > windowMs) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

function spanOf(received: readonly (readonly SentMail[])[]) {
  let firstAt = Infinity;
  let lastAt = -Infinity;
  for (const { at } of received.flat()) {
    firstAt = Math.min(firstAt, at);
    lastAt = Math.max(lastAt, at);
  }
  return firstAt <= lastAt ? { firstAt, lastAt } : undefined;
}

function timelineOf(
  received: readonly (readonly SentMail[])[],
  bursts: readonly Burst[],
  { firstAt, lastAt }: { readonly firstAt: number; readonly lastAt: number },
): readonly TimelineBar[] {
  const bucketMs = bucketFor(lastAt - firstAt);
  const origin = Math.floor(firstAt / bucketMs) * bucketMs;
  const count = Math.floor((lastAt - origin) / bucketMs) + 1;
  const all = new Array<number>(count).fill(0);
  const repeated = new Array<number>(count).fill(0);
  const put = (bars: number[], at: number) => {
    const bar = Math.floor((at - origin) / bucketMs);
    bars[bar] = (bars[bar] ?? 0) + 1;
  };
  for (const { at } of received.flat()) put(all, at);
  for (const { times } of bursts) for (const at of times.slice(1)) put(repeated, at);
  return all.map((number, bar) => ({
    at: origin + bar * bucketMs,
    first: number - (repeated[bar] ?? 0),
    repeated: repeated[bar] ?? 0,
  }));
}

const SECOND = 1_000;
const STEPS = [1, 5, 15, 60, 300, 900, 3_600, 7_200, 21_600, 86_400, 604_800].map(
  (s) => s * SECOND,
);

/** The finest round step that gives no more than `TIMELINE_BARS` bars. */
function bucketFor(spanMs: number): number {
  const coarsest = STEPS.at(-1) ?? SECOND;
  return (
    STEPS.find((step) => spanMs / step <= TIMELINE_BARS) ??
    coarsest * Math.ceil(spanMs / coarsest / TIMELINE_BARS)
  );
}
