import { PermanentError } from "@exactly-once/core";
import { canonicalJson } from "@exactly-once/core/ports";
import { createHash } from "node:crypto";
import type { NotifyEmail, NotifySms, PreparedNotification } from "./notification.js";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Notify itself judges addresses and numbers; these are what can't be one. */
const address = /^[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+$/;
const phoneNumber = /^\+?[\d\s().-]{5,30}$/;
/** The API takes emails of up to 2,000,000 bytes; files come on top, up to 2 MB each in base64. */
const MAX_REQUEST_BYTES = 10_000_000;

/** @throws PermanentError, whose text bears no address or content */
export function prepareEmail(email: NotifyEmail): PreparedNotification {
  const { to, replyToId, oneClickUnsubscribeUrl: unsubscribe } = email;
  if (typeof to !== "string" || !address.test(to)) refuse("to is no email address");
  assertId("replyToId", replyToId);
  if (unsubscribe !== undefined && !/^https:\/\/\S+$/.test(unsubscribe)) {
    refuse("oneClickUnsubscribeUrl doesn't begin with https://");
  }
  return prepared(email, {
    email_address: to,
    email_reply_to_id: replyToId,
    one_click_unsubscribe_url: unsubscribe,
  });
}

/** @throws PermanentError, whose text bears no number or content */
export function prepareSms(sms: NotifySms): PreparedNotification {
  const { to, smsSenderId } = sms;
  if (typeof to !== "string" || !phoneNumber.test(to)) refuse("to is no phone number");
  assertId("smsSenderId", smsSenderId);
  return prepared(sms, { phone_number: to, sms_sender_id: smsSenderId });
}

function prepared(
  { to, templateId, personalisation, template }: NotifyEmail | NotifySms,
  fields: Readonly<Record<string, string | undefined>>,
): PreparedNotification {
  if (typeof templateId !== "string" || !uuid.test(templateId)) refuse("templateId is no UUID");
  const given = Object.entries({ ...fields, personalisation });
  const request: Readonly<Record<string, unknown>> = {
    template_id: templateId,
    ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
  };
  let text: string;
  try {
    text = canonicalJson(request);
  } catch {
    return refuse("personalisation holds what can't be written as JSON");
  }
  if (Buffer.byteLength(text) > MAX_REQUEST_BYTES) refuse("it is larger than Notify takes");
  const contentDigest = createHash("sha256").update(text).digest("hex");
  return { to, request, contentDigest, template: template ?? templateId };
}

function assertId(name: string, id: string | undefined): void {
  if (id !== undefined && !uuid.test(id)) refuse(`${name} is no UUID`);
}

function refuse(why: string): never {
  throw new PermanentError(`The notification can't be sent: ${why}.`);
}
