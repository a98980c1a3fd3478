import { parseAttemptId } from "@exactly-once/core/ports";
import { attemptHeader, emailTags } from "@exactly-once/ses-adapter";
import { z } from "zod";
import { bareRecipient, type SentMail, type Trace } from "./sent-mail.js";

/** Where other services' emails say which notification they are. */
export interface IdentitySources {
  /** A header, by case-insensitive name. */
  readonly header?: string | undefined;
  /** An SES message tag. */
  readonly tag?: string | undefined;
}

const header = z.object({ name: z.string(), value: z.string() });

/** "Contents of event data that Amazon SES publishes to Amazon SNS", as far as it is read here. */
const sesEvent = z.object({
  eventType: z.string().optional(),
  notificationType: z.string().optional(),
  mail: z.object({
    timestamp: z.iso.datetime({ offset: true }),
    messageId: z.string().min(1),
    destination: z.array(z.string()),
    headers: z.array(header).default([]),
    commonHeaders: z.object({ subject: z.string().optional() }).default({}),
    tags: z.record(z.string(), z.array(z.string())).default({}),
  }),
  bounce: z
    .object({
      bounceType: z.string().optional(),
      bouncedRecipients: z.array(z.object({ emailAddress: z.string() })),
    })
    .optional(),
  delivery: z.object({ recipients: z.array(z.string()) }).optional(),
});

/** A line of the local SES's `/_local/messages`. */
const listedEmail = z.object({
  messageId: z.string().min(1),
  acceptedAt: z.number(),
  destinations: z.array(z.string()),
  subject: z.string().default(""),
  tags: z.record(z.string(), z.string()).default({}),
  headers: z.array(header).default([]),
  contentDigest: z.string().optional(),
});

/** A line of a service's own history; README.md documents it. */
const historyEntry = z.object({
  at: z.union([z.number(), z.iso.datetime({ offset: true })]),
  to: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  subject: z.string().default(""),
  key: z.string().min(1).optional(),
  attempt: z.string().min(1).optional(),
  content: z.string().min(1).optional(),
  messageId: z.string().min(1).optional(),
  outcome: z.string().default("accepted"),
});

/** Envelopes in envelopes: SNS in SQS in an export are four. */
const DEEPEST = 10;

/**
 * What one JSON value says about emails: several for an export, `undefined` where it isn't understood.
 *
 * @param depth of the envelopes around it
 */
export function readTraces(
  value: unknown,
  sources: IdentitySources,
  depth = 0,
): readonly Trace[] | undefined {
  if (typeof value !== "object" || value === null || depth > DEEPEST) return undefined;
  const inner = unwrap(value);
  if (inner) {
    const traces: Trace[] = [];
    for (const one of inner) {
      const some = readTraces(one, sources, depth + 1);
      if (some === undefined) return undefined;
      for (const trace of some) traces.push(trace);
    }
    return traces;
  }
  const trace =
    "mail" in value
      ? fromSesEvent(value, sources)
      : "acceptedAt" in value
        ? fromListedEmail(value, sources)
        : fromHistory(value);
  return trace && [trace];
}

/** What envelopes hold: SNS, SQS, EventBridge, Lambda, and lists of any of these. */
function unwrap(value: object): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value as readonly unknown[];
  const fields = value as Readonly<Record<string, unknown>>;
  for (const list of ["messages", "Messages", "Records"]) {
    const values = fields[list];
    if (Array.isArray(values)) return values as readonly unknown[];
  }
  for (const text of ["Message", "Body", "body"]) {
    if (typeof fields[text] === "string") return [parseJson(fields[text])];
  }
  for (const object of ["Sns", "detail"]) {
    if (typeof fields[object] === "object" && fields[object] !== null) return [fields[object]];
  }
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function fromSesEvent(value: object, sources: IdentitySources): Trace | undefined {
  const parsed = sesEvent.safeParse(value);
  if (!parsed.success) return undefined;
  const { mail, bounce, delivery, eventType, notificationType } = parsed.data;
  const { messageId } = mail;
  const sent: SentMail = {
    at: Date.parse(mail.timestamp),
    recipients: mail.destination.map(bareRecipient),
    subject: mail.commonHeaders.subject ?? "",
    ...identityOf(
      (name) => mail.tags[name]?.[0],
      (name) => headerValue(mail.headers, name),
      sources,
    ),
  };
  const type = (eventType ?? notificationType ?? "").replaceAll(" ", "");
  if (type === "Reject" || type === "RenderingFailure") return { kind: "notSent", messageId };
  if (bounce && bounce.bounceType !== "Transient") {
    const recipients = bounce.bouncedRecipients.map((one) => bareRecipient(one.emailAddress));
    return { kind: "undelivered", messageId, mail: sent, recipients };
  }
  if (delivery) {
    const recipients = delivery.recipients.map(bareRecipient);
    return { kind: "delivered", messageId, mail: sent, recipients };
  }
  return { kind: "sent", messageId, mail: sent };
}

function fromListedEmail(value: object, sources: IdentitySources): Trace | undefined {
  const parsed = listedEmail.safeParse(value);
  if (!parsed.success) return undefined;
  const { messageId, acceptedAt, destinations, subject, tags, headers, contentDigest } =
    parsed.data;
  const identity = identityOf(
    (name) => tags[name],
    (name) => headerValue(headers, name),
    sources,
  );
  const mail: SentMail = {
    at: acceptedAt,
    recipients: destinations.map(bareRecipient),
    subject,
    ...(contentDigest === undefined ? {} : { content: contentDigest }),
    ...identity,
  };
  return { kind: "sent", messageId, mail };
}

function fromHistory(value: object): Trace | undefined {
  const parsed = historyEntry.safeParse(value);
  if (!parsed.success) return undefined;
  const { at, to, subject, key, attempt, content, messageId, outcome } = parsed.data;
  if (outcome !== "accepted") return { kind: "notSent", messageId };
  const notification = key ?? (attempt === undefined ? undefined : effectOf(attempt));
  const mail: SentMail = {
    at: typeof at === "number" ? at : Date.parse(at),
    recipients: (typeof to === "string" ? [to] : to).map(bareRecipient),
    subject,
    ...(notification === undefined ? {} : { notification }),
    ...(content === undefined ? {} : { content }),
  };
  return { kind: "sent", messageId, mail };
}

function identityOf(
  tag: (name: string) => string | undefined,
  headerOf: (name: string) => string | undefined,
  sources: IdentitySources,
): Pick<SentMail, "notification" | "content"> {
  const attempt = tag(emailTags.attempt) ?? headerOf(attemptHeader);
  const given =
    (sources.tag === undefined ? undefined : tag(sources.tag)) ??
    (sources.header === undefined ? undefined : headerOf(sources.header));
  const notification = attempt === undefined ? given : effectOf(attempt);
  const content = tag(emailTags.content);
  return {
    ...(notification === undefined ? {} : { notification }),
    ...(content === undefined ? {} : { content }),
  };
}

/** All attempts at one effect are one email that may be sent once. */
function effectOf(attemptId: string): string {
  const attempt = parseAttemptId(attemptId);
  return attempt ? `${attempt.key}-${attempt.effect}` : attemptId;
}

function headerValue(
  headers: readonly { readonly name: string; readonly value: string }[],
  name: string,
): string | undefined {
  return headers.find((one) => one.name.toLowerCase() === name.toLowerCase())?.value.trim();
}
