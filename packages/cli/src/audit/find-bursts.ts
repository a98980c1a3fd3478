import type { SentMail } from "./sent-mail.js";

/** What makes the copies of a burst the same email. */
export type Sameness =
  /** The same notification: exact. */
  | "notification"
  /** The same content, under several notifications: exact. */
  | "content"
  /** Only the same subject: bounds. */
  | "subject";

/** Copies that one recipient got, each at most the window after the one before. */
export interface Burst {
  readonly recipient: string;
  readonly by: Sameness;
  readonly subject: string;
  /** When each came, ms since the epoch, in order. */
  readonly times: readonly number[];
  /** At least so many of them are copies of one email. */
  readonly definitely: number;
  /** At most so many are. */
  readonly atMost: number;
}

export interface BurstOptions {
  readonly windowMs: number;
  /** How many different emails with one subject a recipient may rightly get within a window. */
  readonly legitimate: number;
}

export interface RecipientFindings {
  /** Two copies and more. */
  readonly bursts: readonly Burst[];
  /** Bursts of one subject whose emails are known to be different. */
  readonly toldApart: number;
}

/** What one recipient got more than once, judged by the best evidence each email has. */
export function findBursts(
  recipient: string,
  mails: readonly SentMail[],
  options: BurstOptions,
): RecipientFindings {
  const ordered = [...mails].sort((a, b) => a.at - b.at);
  const exact = ordered.filter(isExact);
  const vague = ordered.filter((mail) => !isExact(mail));
  const groups = sameEmails(exact, options.windowMs);
  const bursts = [
    ...groups.filter((group) => group.length > 1).map((group) => exactBurst(recipient, group)),
    ...bySubject(vague)
      .flatMap((same) => chains(same, options.windowMs))
      .filter((chain) => chain.length > 1)
      .map((chain) => vagueBurst(recipient, chain, options.legitimate)),
  ];
  const firsts = groups.flatMap((group) => group.slice(0, 1)).sort((a, b) => a.at - b.at);
  const toldApart = bySubject(firsts)
    .flatMap((same) => chains(same, options.windowMs))
    .filter((chain) => chain.length > 1).length;
  return { bursts, toldApart };
}

function isExact({ notification, content }: SentMail): boolean {
  return notification !== undefined || content !== undefined;
}

function exactBurst(recipient: string, group: readonly SentMail[]): Burst {
  const [first] = group;
  const oneNotification =
    first?.notification !== undefined &&
    group.every(({ notification }) => notification === first.notification);
  return {
    recipient,
    by: oneNotification ? "notification" : "content",
    subject: first?.subject ?? "",
    times: group.map(({ at }) => at),
    definitely: group.length,
    atMost: group.length,
  };
}

/** Of n emails with a subject that at most L different ones share, one came at least n / L times. */
function vagueBurst(recipient: string, chain: readonly SentMail[], legitimate: number): Burst {
  return {
    recipient,
    by: "subject",
    subject: chain[0]?.subject ?? "",
    times: chain.map(({ at }) => at),
    definitely: Math.ceil(chain.length / legitimate),
    atMost: chain.length,
  };
}

/** Copies of one email. One that turned out to be part of another leads there. */
interface Group {
  mails: SentMail[];
  lastAt: number;
  into: Group | undefined;
}

/**
 * Groups of the same email. One notification is one email however far apart its copies are; the same
 * content under several is one email within the window.
 *
 * @param mails in order of time
 */
function sameEmails(mails: readonly SentMail[], windowMs: number): readonly SentMail[][] {
  const byNotification = new Map<string, Group>();
  const byContent = new Map<string, Group>();
  const groups: Group[] = [];
  for (const mail of mails) {
    const { notification, content } = mail;
    const known = foundIn(byNotification, notification);
    const alike = foundIn(byContent, content);
    const recent = alike && mail.at - alike.lastAt <= windowMs ? alike : undefined;
    const group = known && recent ? merged(known, recent) : (known ?? recent ?? opened(groups));
    group.mails.push(mail);
    group.lastAt = mail.at;
    if (notification !== undefined) byNotification.set(notification, group);
    if (content !== undefined) byContent.set(content, group);
  }
  return groups
    .filter(({ into }) => into === undefined)
    .map((group) => group.mails.sort((a, b) => a.at - b.at));
}

function opened(groups: Group[]): Group {
  const group: Group = { mails: [], lastAt: 0, into: undefined };
  groups.push(group);
  return group;
}

function foundIn(map: ReadonlyMap<string, Group>, name: string | undefined): Group | undefined {
  let group = name === undefined ? undefined : map.get(name);
  while (group?.into) group = group.into;
  return group;
}

/** The smaller goes into the larger, so that no email moves often and no way becomes long. */
function merged(one: Group, other: Group): Group {
  if (one === other) return one;
  const [larger, smaller] = one.mails.length < other.mails.length ? [other, one] : [one, other];
  for (const mail of smaller.mails) larger.mails.push(mail);
  larger.lastAt = Math.max(larger.lastAt, smaller.lastAt);
  smaller.mails = [];
  smaller.into = larger;
  return larger;
}

function bySubject(mails: readonly SentMail[]): readonly SentMail[][] {
  const groups = new Map<string, SentMail[]>();
  for (const mail of mails) {
    const subject = mail.subject.trim();
    const group = groups.get(subject);
    if (group) group.push(mail);
    else groups.set(subject, [mail]);
  }
  return [...groups.values()];
}

/** Cuts where more than the window lies between one email and the next. */
export function chains<T extends { readonly at: number }>(
  ordered: readonly T[],
  windowMs: number,
): readonly T[][] {
  const cut: T[][] = [];
  let last: T[] | undefined;
  for (const one of ordered) {
    if (last && one.at - (last.at(-1)?.at ?? 0) <= windowMs) last.push(one);
    else {
      last = [one];
      cut.push(last);
    }
  }
  return cut;
}
