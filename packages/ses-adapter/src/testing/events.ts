import type { EventKind } from "./account.js";
import { bareAddress, domainOf } from "./addresses.js";
import { headerValues, type MessageHeader } from "./message-headers.js";
import type { SentEmail } from "./sent-email.js";

/** The `mail` object that every event carries. */
export interface EventMail {
  readonly timestamp: string;
  readonly source: string;
  readonly sourceArn: string;
  readonly sendingAccountId: string;
  readonly messageId: string;
  readonly destination: readonly string[];
  readonly headersTruncated: boolean;
  readonly headers: readonly MessageHeader[];
  readonly commonHeaders: Readonly<Record<string, string | readonly string[]>>;
  readonly tags: Readonly<Record<string, readonly string[]>>;
}

/**
 * One event in the JSON shape of "Contents of event data that Amazon SES publishes to Amazon SNS";
 * the detail object's name depends on the type.
 */
export interface SesEvent {
  readonly eventType: string;
  readonly mail: EventMail;
  readonly [detail: string]: unknown;
}

/** The spelling inside an event of what an event destination calls `kind`. */
export const eventTypeOf: Readonly<Record<EventKind, string>> = {
  send: "Send",
  delivery: "Delivery",
  bounce: "Bounce",
  complaint: "Complaint",
  reject: "Reject",
  renderingFailure: "Rendering Failure",
  deliveryDelay: "DeliveryDelay",
  open: "Open",
  click: "Click",
  subscription: "Subscription",
};

const headersLimitBytes = 10 * 1_024;
const outgoingIp = "192.0.2.25";
const readerIp = "192.0.2.1";
const readerAgent = "Mozilla/5.0 (local)";

const truncate = (headers: readonly MessageHeader[]): readonly MessageHeader[] => {
  let room = headersLimitBytes;
  return headers.filter(({ name, value }) => {
    room -= Buffer.byteLength(name) + Buffer.byteLength(value);
    return room >= 0;
  });
};

const commonHeadersOf = (email: SentEmail): EventMail["commonHeaders"] => {
  const values = (name: string) => headerValues(email.headers, name);
  const lists = Object.entries({
    from: "From",
    replyTo: "Reply-To",
    to: "To",
    cc: "Cc",
    bcc: "Bcc",
  })
    .map(([field, name]) => [field, values(name)] as const)
    .filter(([, list]) => list.length > 0);
  const [date] = values("Date");
  const [subject] = values("Subject");
  return {
    ...Object.fromEntries(lists),
    ...(date === undefined ? {} : { date }),
    messageId: email.messageId,
    ...(subject === undefined ? {} : { subject: email.mime.subject ?? subject }),
  };
};

const mailOf = (email: SentEmail, kind: EventKind, accountId: string): EventMail => {
  const headers = truncate(email.headers);
  return {
    timestamp: new Date(email.acceptedAt).toISOString(),
    source: email.source,
    sourceArn: `arn:aws:ses:${email.region}:${accountId}:identity/${bareAddress(email.source)}`,
    sendingAccountId: accountId,
    messageId: email.messageId,
    destination: email.destinations,
    headersTruncated: headers.length < email.headers.length,
    headers,
    commonHeaders: commonHeadersOf(email),
    tags: {
      "ses:configuration-set": [email.configurationSet ?? ""],
      "ses:source-ip": [email.sourceIp],
      "ses:from-domain": [domainOf(email.source)],
      "ses:caller-identity": ["local-ses-user"],
      ...(kind === "delivery" ? { "ses:outgoing-ip": [outgoingIp] } : {}),
      ...Object.fromEntries(Object.entries(email.tags).map(([name, value]) => [name, [value]])),
    },
  };
};

const feedbackId = (email: SentEmail, at: number): string =>
  `0100${at.toString(16).padStart(12, "0")}${email.messageId.slice(16, -6)}000000`;

/** The object beside `mail`: its name, and what AWS's example events hold in it. */
const detailOf = (
  kind: EventKind,
  email: SentEmail,
  recipients: readonly string[],
  at: number,
): readonly [name: string, detail: object] => {
  const timestamp = new Date(at).toISOString();
  const addressed = recipients.map((emailAddress) => ({ emailAddress }));
  switch (kind) {
    case "send":
      return ["send", {}];
    case "delivery":
      return [
        "delivery",
        {
          timestamp,
          processingTimeMillis: Math.max(0, at - email.acceptedAt),
          recipients,
          smtpResponse: "250 2.6.0 Message received",
          reportingMTA: "mta.example.com",
        },
      ];
    case "bounce":
      return [
        "bounce",
        {
          bounceType: "Permanent",
          bounceSubType: "General",
          bouncedRecipients: addressed.map((recipient) => ({
            ...recipient,
            action: "failed",
            status: "5.1.1",
            diagnosticCode: "smtp; 550 5.1.1 user unknown",
          })),
          timestamp,
          feedbackId: feedbackId(email, at),
          reportingMTA: "dsn; mta.example.com",
        },
      ];
    case "complaint":
      return [
        "complaint",
        {
          complainedRecipients: addressed,
          timestamp,
          feedbackId: feedbackId(email, at),
          complaintSubType: null,
          userAgent: readerAgent,
          complaintFeedbackType: "abuse",
          arrivalDate: timestamp,
        },
      ];
    case "reject":
      return ["reject", { reason: "Bad content" }];
    case "renderingFailure":
      return [
        "failure",
        {
          errorMessage: "Attribute 'name' is not present in the rendering data.",
          templateName: "LocalTemplate",
        },
      ];
    case "deliveryDelay":
      return [
        "deliveryDelay",
        {
          timestamp,
          delayType: "TransientCommunicationFailure",
          expirationTime: new Date(at + 14 * 60 * 60 * 1_000).toISOString(),
          delayedRecipients: addressed.map((recipient) => ({
            ...recipient,
            status: "4.4.1",
            diagnosticCode: "smtp; 421 4.4.1 Unable to connect to remote host",
          })),
        },
      ];
    case "open":
      return ["open", { ipAddress: readerIp, timestamp, userAgent: readerAgent }];
    case "click":
      return [
        "click",
        {
          ipAddress: readerIp,
          link: "https://example.com/",
          linkTags: null,
          timestamp,
          userAgent: readerAgent,
        },
      ];
    case "subscription":
      return [
        "subscription",
        {
          contactList: "LocalContactList",
          timestamp,
          source: "UnsubscribeHeader",
          newTopicPreferences: { unsubscribeAll: true, topicSubscriptionStatus: [] },
          oldTopicPreferences: { unsubscribeAll: false, topicSubscriptionStatus: [] },
        },
      ];
  }
};

/** Builds the event that SES would publish about `email`, for those of its recipients it concerns. */
export const sesEvent = (
  kind: EventKind,
  email: SentEmail,
  options: {
    readonly recipients: readonly string[];
    readonly at: number;
    readonly accountId: string;
  },
): SesEvent => {
  const [name, detail] = detailOf(kind, email, options.recipients, options.at);
  return {
    eventType: eventTypeOf[kind],
    mail: mailOf(email, kind, options.accountId),
    [name]: detail,
  };
};
