import { emailTags } from "@exactly-once/ses-adapter";
import { EPOCH } from "../kernel/host.js";
import type { Site } from "../kernel/decisions.js";
import type { Kernel } from "../kernel/kernel.js";

/** How late a provider that can be asked lists what it took, ms. */
export const LISTING_LAG_MS = 70_000;

/** For how long a provider that dedupes remembers an effect, ms. */
export const DEDUPE_MS = 110_000;

export interface SesRequest {
  readonly attemptId: string;
  readonly effectId: string;
  readonly namespace: string;
  readonly recipient: string;
  readonly contentDigest: string;
  /** True time of the signature as the signer's wall clock had it, ms from virtual 0. */
  readonly signedAt: number;
}

export interface AcceptedMail extends SesRequest {
  readonly messageId: string;
  readonly at: number;
}

/** What event publishing says of a mail. */
export interface SesNotice {
  readonly type: "Send" | "Delivery";
  readonly garbled: boolean;
  readonly attemptId: string;
  readonly namespace: string;
  readonly messageId: string;
  readonly at: number;
}

export type SesReply =
  | { readonly status: "accepted"; readonly messageId: string }
  | { readonly status: "refused"; readonly reason: SesRefusal }
  /** A 200 that doesn't say what became of the mail. */
  | { readonly status: "garbled" };

/**
 * `throttled`, `accountPaused` and `stale` are nothing of the mail's own; of `rejected` SES doesn't say
 * whose it is, and `virus` is the mail's alone.
 */
export type SesRefusal = "stale" | "throttled" | "accountPaused" | "rejected" | "virus";

export interface SesFaults {
  readonly throttle: Site;
  readonly reject: Site;
  readonly garble: Site;
  readonly eventLost: Site;
  readonly eventDoubled: Site;
  readonly eventLate: Site;
  /** It can't be read, and so is dead-lettered. */
  readonly eventGarbled: Site;
  /** One listing omits a mail that it has had time to list. */
  readonly omitted: Site;
  /** Another service's event bears the name of one of our attempts. */
  readonly namesake: Site;
}

export interface SesWorldOptions {
  readonly kernel: Kernel;
  /** How far a signature's date may be from SES's clock, ms. */
  readonly signatureMs: number;
  /** How late an event may come, ms. */
  readonly maxEventDelayMs: number;
  readonly faults: SesFaults;
  /** Another provider, which for `DEDUPE_MS` answers an effect's next request with the first one's id. */
  readonly dedupes: boolean;
  onAccepted(mail: AcceptedMail): void;
  /** A request was read to its end; `mail` is the id that it was accepted under. */
  onRequest(request: SesRequest, mail: string | undefined): void;
  onRefused(request: SesRequest, reason: SesRefusal): void;
  /** It will never tell that it took this one. */
  onEventLost(attemptId: string): void;
  publish(notice: SesNotice): void;
}

export interface SesWorld {
  /** True time, ms from virtual 0. */
  now(): number;
  send(request: SesRequest): SesReply;
  /** To another provider, which is always well. */
  post(request: SesRequest): SesReply;
  readonly accepted: readonly AcceptedMail[];
  /** The mail of this attempt, if SES took one. */
  mailOf(attemptId: string): AcceptedMail | undefined;
  /** The mail that a provider took of any attempt at this effect. */
  mailOfEffect(effectId: string): AcceptedMail | undefined;
  /** What `mailOf` says, as another provider lists it: late, and now and then without a mail that it has, never twice in a row. */
  listedMailOf(attemptId: string): AcceptedMail | undefined;
  /** Whether it lost the event of this attempt's mail: what "not sent" by silence assumes away. */
  lostEventOf(attemptId: string): boolean;
  /** Publishes no events within these times; they all come afterwards. */
  stall(from: number, until: number): void;
  /** Within these times AWS lets the account send nothing. */
  pauseAccount(from: number, until: number): void;
}

interface Span {
  readonly from: number;
  readonly until: number;
}

function isWithin({ from, until }: Span, at: number): boolean {
  return from <= at && at < until;
}

/** A provider without an idempotency token: it takes what is signed freshly, as often as asked. */
export function sesWorld(options: SesWorldOptions): SesWorld {
  const { kernel, faults } = options;
  const accepted: AcceptedMail[] = [];
  const byAttempt = new Map<string, AcceptedMail>();
  const lostEvents = new Set<string>();
  /** Attempts whose mails the last listing omitted. */
  const omitted = new Set<string>();
  const stalls: Span[] = [];
  const pauses: Span[] = [];
  let namesakes = 0;

  function publish(mail: AcceptedMail): void {
    if (faults.eventLost.next() > 0) {
      lostEvents.add(mail.attemptId);
      options.onEventLost(mail.attemptId);
      return;
    }
    const { attemptId, namespace, messageId, at } = mail;
    const delay = 50 + faults.eventLate.next() * options.maxEventDelayMs;
    const garbled = faults.eventGarbled.next() > 0;
    deliver({ type: "Send", garbled, attemptId, namespace, messageId, at }, delay);
    const again = faults.eventDoubled.next();
    if (again > 0) {
      const later = delay + again * options.maxEventDelayMs;
      const type = again > 0.5 ? "Send" : "Delivery";
      deliver({ type, garbled, attemptId, namespace, messageId, at }, later);
    }
  }

  function deliver(notice: SesNotice, delay: number): void {
    const due = kernel.now + delay;
    const stall = stalls.find((span) => isWithin(span, due));
    kernel.schedule(stall?.until ?? due, () => options.publish(notice));
  }

  /** Another service's mail, which says nothing about ours, whatever it is called. */
  function publishNamesake(attemptId: string): void {
    if (faults.namesake.next() === 0) return;
    namesakes += 1;
    const messageId = `neighbour-${namesakes}`;
    const mail = { attemptId, namespace: "neighbour", messageId, at: kernel.now };
    deliver({ type: "Send", garbled: false, ...mail }, 50);
  }

  function answer(request: SesRequest): SesReply {
    publishNamesake(request.attemptId);
    if (Math.abs(kernel.now - request.signedAt) > options.signatureMs) {
      return { status: "refused", reason: "stale" };
    }
    if (faults.throttle.next() > 0) return { status: "refused", reason: "throttled" };
    if (pauses.some((span) => isWithin(span, kernel.now))) {
      return { status: "refused", reason: "accountPaused" };
    }
    const rejects = faults.reject.next();
    if (rejects > 0) return { status: "refused", reason: rejects > VIRUS ? "virus" : "rejected" };
    const taken = take(request);
    return faults.garble.next() > 0 ? { status: "garbled" } : taken;
  }

  function take(request: SesRequest): SesReply {
    const known = options.dedupes
      ? accepted.find(
          ({ effectId, at }) => effectId === request.effectId && at > kernel.now - DEDUPE_MS,
        )
      : undefined;
    if (known) return { status: "accepted", messageId: known.messageId };
    const messageId = `mail-${accepted.length + 1}`;
    const mail = { ...request, messageId, at: kernel.now };
    accepted.push(mail);
    byAttempt.set(request.attemptId, mail);
    options.onAccepted(mail);
    publish(mail);
    return { status: "accepted", messageId };
  }

  return {
    accepted,
    now: () => kernel.now,
    mailOf: (attemptId) => byAttempt.get(attemptId),
    mailOfEffect: (effectId) => accepted.find((mail) => mail.effectId === effectId),
    listedMailOf: (attemptId) => {
      const mail = byAttempt.get(attemptId);
      if (!mail || kernel.now < mail.at + LISTING_LAG_MS) return undefined;
      if (omitted.delete(attemptId) || faults.omitted.next() === 0) return mail;
      omitted.add(attemptId);
      return undefined;
    },
    lostEventOf: (attemptId) => lostEvents.has(attemptId),
    stall: (from, until) => void stalls.push({ from, until }),
    pauseAccount: (from, until) => void pauses.push({ from, until }),
    send: (request) => told(request, answer),
    post: (request) => told(request, take),
  };

  function told(request: SesRequest, of: (request: SesRequest) => SesReply): SesReply {
    const before = byAttempt.get(request.attemptId);
    const reply = of(request);
    if (reply.status === "refused") options.onRefused(request, reply.reason);
    const mail = reply.status === "accepted" ? reply.messageId : undefined;
    const taken = byAttempt.get(request.attemptId);
    options.onRequest(request, mail ?? (taken === before ? undefined : taken?.messageId));
    return reply;
  }
}

/** Of refusals so many are the mail's own beyond doubt. */
const VIRUS = 0.7;

/** The message that event publishing puts into the queue: every other one in SNS's envelope. */
export function noticeBody(notice: SesNotice): string {
  const { type, attemptId, namespace, messageId, at } = notice;
  if (notice.garbled) return "{ no json";
  const event = JSON.stringify({
    eventType: type,
    mail: {
      messageId,
      timestamp: new Date(EPOCH + at).toISOString(),
      destination: ["doctor@example.test"],
      tags: { [emailTags.attempt]: [attemptId], [emailTags.namespace]: [namespace] },
    },
    [type.toLowerCase()]: {},
  });
  return messageId.endsWith("1") ? event : JSON.stringify({ Type: "Notification", Message: event });
}
