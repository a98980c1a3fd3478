import type { Refusal } from "./faults.js";
import type { NewNotification, SentNotification } from "./mailbox.js";
import { filled, missingIn, type LocalTemplate } from "./templates.js";

/** Notify lists so many at most. */
export const PAGE_SIZE = 250;

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const plausible = {
  email: /^[^\s@]+@[^\s@]+\.[^\s@]+$/,
  sms: /^\+?[\d\s().-]{7,20}$/,
};

const invalid = (message: string): Refusal => ({ status: 400, error: "ValidationError", message });
const bad = (message: string): Refusal => ({ status: 400, error: "BadRequestError", message });

/** A checked request to send, or Notify's refusal of it. */
export function readRequest(
  type: "email" | "sms",
  body: string,
  templates: Readonly<Record<string, LocalTemplate>> | undefined,
  now: number,
): NewNotification | Refusal {
  let fields: Readonly<Record<string, unknown>>;
  try {
    fields = JSON.parse(body) as Record<string, unknown>;
  } catch {
    return bad("Invalid JSON supplied in POST data");
  }
  const field = type === "email" ? "email_address" : "phone_number";
  const { template_id: templateId, reference = null, personalisation: given = {} } = fields;
  const to = fields[field];
  if (to === undefined) return invalid(`${field} is a required property`);
  if (typeof to !== "string" || !plausible[type].test(to)) {
    return invalid(
      type === "email" ? `${field} Not a valid email address` : `${field} Not enough digits`,
    );
  }
  if (templateId === undefined) return invalid("template_id is a required property");
  if (typeof templateId !== "string" || !uuid.test(templateId)) {
    return invalid("template_id is not a valid UUID");
  }
  if (reference !== null && (typeof reference !== "string" || reference.length > 1_000)) {
    return invalid("reference is too long or no text");
  }
  if (typeof given !== "object" || given === null) {
    return invalid("personalisation is not of type object");
  }
  const personalisation = given as Readonly<Record<string, unknown>>;
  const template = templates ? templates[templateId] : anyTemplate(personalisation);
  if (template === undefined) return bad("Template not found");
  const missing = missingIn(template, personalisation);
  if (missing.length > 0) return bad(`Missing personalisation: ${missing.join(", ")}`);
  return {
    ...{ type, to, templateId, reference, personalisation, createdAt: now },
    subject: template.subject === undefined ? undefined : filled(template.subject, personalisation),
    body: filled(template.body, personalisation),
  };
}

/** Where no templates are declared: one that shows all that it is given. */
function anyTemplate(personalisation: Readonly<Record<string, unknown>>): LocalTemplate {
  const { subject, ...others } = personalisation;
  const body = Object.keys(others).map((name) => `((${name}))`);
  return { ...(subject === undefined ? {} : { subject: "((subject))" }), body: body.join("\n\n") };
}

/** Notify's answer to a request that it took. */
export function acceptance(
  { id, reference, subject, body, templateId, type }: SentNotification,
  endpoint: string,
): object {
  return {
    ...{ id, reference },
    content:
      type === "email"
        ? { subject: subject ?? "", body, from_email: "local@notifications.service.gov.uk" }
        : { body, from_number: "GOVUK" },
    uri: `${endpoint}/v2/notifications/${id}`,
    template: { id: templateId, version: 1, uri: `${endpoint}/v2/template/${templateId}` },
  };
}

/** A notification as Notify lists it. */
export function listed(notification: SentNotification): object {
  const { id, reference, type, to, templateId, subject, body, createdAt, status } = notification;
  const time = timeText(createdAt);
  return {
    ...{ id, reference, type, status, body, subject: subject ?? null },
    email_address: type === "email" ? to : null,
    phone_number: type === "sms" ? to : null,
    template: { id: templateId, version: 1, uri: `/v2/template/${templateId}/1` },
    ...{ created_at: time, sent_at: status === "created" ? null : time },
    completed_at: status === "created" ? null : time,
  };
}

/** The body of a delivery receipt. */
export function receiptOf(notification: SentNotification): object {
  const { id, reference, to, type, templateId, createdAt, status } = notification;
  const time = timeText(createdAt);
  return {
    ...{ id, reference, to, status, notification_type: type },
    ...{ created_at: time, completed_at: time, sent_at: time },
    ...{ template_id: templateId, template_version: 1 },
  };
}

/** Notify writes microseconds. */
function timeText(at: number): string {
  return new Date(at).toISOString().replace("Z", "000Z");
}
