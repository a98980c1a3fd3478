import { emailTags } from "../mailer/tags.js";

/** The types of "Contents of event data that Amazon SES publishes to Amazon SNS", without spaces. */
export const sesEventTypes = [
  "Send",
  "Delivery",
  "Bounce",
  "Complaint",
  "Reject",
  "RenderingFailure",
  "DeliveryDelay",
  "Open",
  "Click",
  "Subscription",
] as const;

/** The kinds of events that this version knows. */
export type SesEventType = (typeof sesEventTypes)[number];

/** One thing that SES tells about one email. It holds personal data: addresses and a subject. */
export interface SesEventNotification {
  /** A type that isn't known (yet) is kept as `Other`, with its text in `typeText`. */
  readonly type: SesEventType | "Other";
  readonly typeText: string;
  /** SES's id of the email; it has one only because SES took it. */
  readonly messageId: string;
  /** When SES took the email, by its clock, ms since the epoch. */
  readonly acceptedAt: number;
  readonly recipients: readonly string[];
  readonly subject?: string;
  /** First value of each message tag; SES's own begin with `ses:`. */
  readonly tags: Readonly<Record<string, string>>;
  /** From our tags, where the email has them. */
  readonly attemptId?: string;
  readonly namespace?: string;
  readonly contentDigest?: string;
  readonly template?: string;
  /** The object beside `mail` that is particular to the type, as SES wrote it. */
  readonly detail: unknown;
}

/** A message of the event queue, as far as it could be read. */
export type ParsedSesMessage =
  | { readonly kind: "event"; readonly event: SesEventNotification }
  /** SNS or SES talking about the subscription itself; no email is concerned. */
  | { readonly kind: "notice" }
  | { readonly kind: "unreadable"; readonly why: string };

/** SES sends this sentence when an event destination is set up. */
const validation = /^Successfully validated SNS topic for Amazon SES event publishing/;

/** What SES says, once, when the feedback of an identity is sent to a topic. */
const subscribed = "AmazonSnsSubscriptionSucceeded";

/**
 * Whoever may write to the queue may write anything: what is kept has names such as SES gives, and
 * no more than one email can have.
 */
const idText = /^[\x21-\x7E]{1,200}$/;
const typeName = /^[A-Za-z][A-Za-z ]{0,63}$/;
const maxRecipients = 50;
const maxSubjectLength = 1_000;
const maxTags = 60;
const maxTagLength = 256;

/** Reads a message of the event queue, with or without SNS's envelope around it. */
export function parseSesMessage(body: string): ParsedSesMessage {
  const outer = parseJson(body);
  if (outer === undefined) return readText(body);
  const type = fields(outer)["Type"];
  if (type === "SubscriptionConfirmation" || type === "UnsubscribeConfirmation") {
    return { kind: "notice" };
  }
  const { Message: message } = fields(outer);
  if (type !== "Notification" || typeof message !== "string") return readEvent(outer);
  const inner = parseJson(message);
  return inner === undefined ? readText(message) : readEvent(inner);
}

function readText(text: string): ParsedSesMessage {
  return validation.test(text)
    ? { kind: "notice" }
    : { kind: "unreadable", why: "the message isn't JSON" };
}

function readEvent(value: unknown): ParsedSesMessage {
  const { eventType, notificationType, mail, ...details } = fields(value);
  const typeText = textOf(eventType) ?? textOf(notificationType);
  if (typeText === undefined || !typeName.test(typeText)) {
    return { kind: "unreadable", why: "the message has no eventType" };
  }
  if (typeText === subscribed) return { kind: "notice" };
  const { messageId, timestamp, destination, tags: givenTags, commonHeaders } = fields(mail);
  const id = textOf(messageId);
  const acceptedAt = Date.parse(textOf(timestamp) ?? "");
  if (id === undefined || !idText.test(id) || Number.isNaN(acceptedAt)) {
    return { kind: "unreadable", why: "mail.messageId or mail.timestamp is missing or no such" };
  }
  const tags = readTags(givenTags);
  const type = sesEventTypes.find((known) => known === typeText.replaceAll(" ", "")) ?? "Other";
  return {
    kind: "event",
    event: {
      ...{ type, typeText, messageId: id, acceptedAt, tags },
      recipients: (Array.isArray(destination) ? destination : [])
        .slice(0, maxRecipients)
        .filter(isText),
      ...present("subject", textOf(fields(commonHeaders)["subject"])?.slice(0, maxSubjectLength)),
      ...present("attemptId", tags[emailTags.attempt]),
      ...present("namespace", tags[emailTags.namespace]),
      ...present("contentDigest", tags[emailTags.content]),
      ...present("template", tags[emailTags.template]),
      detail: Object.values(details)[0],
    },
  };
}

function readTags(given: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(fields(given)).slice(0, maxTags);
  const firsts = entries.map(([name, values]) => [
    name,
    Array.isArray(values) ? (values as readonly unknown[])[0] : values,
  ]);
  const kept = firsts.filter(([, value]) => isText(value) && value.length <= maxTagLength);
  return Object.fromEntries(kept) as Record<string, string>;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function textOf(value: unknown): string | undefined {
  return isText(value) ? value : undefined;
}

function present<Name extends string>(name: Name, value: string | undefined) {
  return (value === undefined ? {} : { [name]: value }) as { readonly [Key in Name]?: string };
}
