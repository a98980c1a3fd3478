import { PermanentError } from "@exactly-once/core";
import { checkMailboxes, hasControl } from "./address.js";
import type { Attachment, Email, Mailbox } from "./email.js";

/** SES's limit for one message, all kinds together ("Service quotas in Amazon SES"). */
const maxRecipients = 50;
const maxHeaderLength = 900;

const headerName = /^[A-Za-z0-9-]{1,76}$/;
const templateName = /^[A-Za-z0-9_-]{1,64}$/;
const contentTypeText = /^[\w.+-]+\/[\w.+-]+(?:; ?[\w-]+=(?:[\w.+-]+|"[\w .+-]*"))*$/;
const contentIdText = /^[A-Za-z0-9._@-]{1,200}$/;
/** Set by the mailer or by SES, or able to add recipients or instructions to SES. */
const ownHeaders =
  /^(?:from|to|cc|bcc|sender|reply-to|subject|date|message-id|return-path|mime-version|content-.*|dkim-.*|received|x-ses-.*|x-exactly-once-.*|resent-.*)$/i;
/** RFC 2369 and RFC 8058: addresses in angle brackets, the latter for one click. */
const listUnsubscribe =
  /^<(?:https?:\/\/|mailto:)[^<>\s]+>(?:, <(?:https?:\/\/|mailto:)[^<>\s]+>)*$/;
const oneClick = "List-Unsubscribe=One-Click";

/** An email that holds what its type says, and nothing that could smuggle a header or recipient. */
export interface CheckedEmail {
  readonly to: readonly Mailbox[];
  readonly cc: readonly Mailbox[];
  readonly bcc: readonly Mailbox[];
  readonly replyTo: readonly Mailbox[] | undefined;
  readonly subject: string;
  readonly html: string | undefined;
  readonly text: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly attachments: readonly Attachment[];
  readonly template: string | undefined;
}

/**
 * @throws PermanentError for whatever SES would refuse; its text names the field, and bears no
 *   address, name or content
 */
export function checkEmail(email: Email): CheckedEmail {
  const checked = {
    to: checkMailboxes(email.to, "to"),
    cc: checkMailboxes(email.cc ?? [], "cc"),
    bcc: checkMailboxes(email.bcc ?? [], "bcc"),
    replyTo: email.replyTo === undefined ? undefined : checkMailboxes(email.replyTo, "replyTo"),
    subject: checkLine(email.subject, "subject"),
    html: checkBody(email.html, "html"),
    text: checkBody(email.text, "text"),
    headers: checkHeaders(email.headers ?? {}),
    attachments: (email.attachments ?? []).map(checkAttachment),
    template: checkTemplate(email.template),
  };
  const count = checked.to.length + checked.cc.length + checked.bcc.length;
  if (count === 0) throw new PermanentError("to: the email has no recipient.");
  if (count > maxRecipients) {
    throw new PermanentError(
      `to, cc, bcc: ${count} recipients, and SES takes ${maxRecipients}: send several emails.`,
    );
  }
  if (checked.html === undefined && checked.text === undefined) {
    throw new PermanentError("html, text: the email needs at least one of them.");
  }
  checkInlineParts(checked);
  return checked;
}

function checkBody(body: unknown, field: string): string | undefined {
  if (body === undefined) return undefined;
  if (typeof body === "string" && body.trim() !== "") return body;
  throw new PermanentError(`${field}: the text is empty; leave the field out.`);
}

function checkLine(text: unknown, field: string): string {
  if (typeof text !== "string" || text.trim() === "") {
    throw new PermanentError(`${field}: the text is missing.`);
  }
  if (hasControl(text)) {
    throw new PermanentError(`${field}: the text has a line break or control character.`);
  }
  if (text.length > maxHeaderLength) {
    throw new PermanentError(`${field}: the text has more than ${maxHeaderLength} characters.`);
  }
  return text;
}

function checkHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const seen = new Set<string>();
  const checked = Object.entries(headers).map(([name, value]) => {
    if (!headerName.test(name)) {
      throw new PermanentError("headers: a name has characters other than letters, digits and -.");
    }
    if (ownHeaders.test(name)) {
      throw new PermanentError(`headers: ${name} is set by the mailer or SES; leave it out.`);
    }
    if (seen.size === seen.add(name.toLowerCase()).size) {
      throw new PermanentError(`headers: ${name} is given twice.`);
    }
    return [name, checkHeader(name, checkLine(value, `headers: ${name}`))] as const;
  });
  return Object.fromEntries(checked);
}

function checkHeader(name: string, value: string): string {
  if (/^list-unsubscribe$/i.test(name) && !listUnsubscribe.test(value)) {
    throw new PermanentError(
      "headers: List-Unsubscribe must be <https://…> or <mailto:…>, several with a comma between.",
    );
  }
  if (/^list-unsubscribe-post$/i.test(name) && value !== oneClick) {
    throw new PermanentError(`headers: List-Unsubscribe-Post must be ${oneClick}.`);
  }
  return value;
}

function checkTemplate(template: unknown): string | undefined {
  if (template === undefined) return undefined;
  if (typeof template === "string" && templateName.test(template)) return template;
  throw new PermanentError("template: the name must be 1 to 64 of [A-Za-z0-9_-].");
}

function checkAttachment(attachment: Attachment): Attachment {
  const { content, contentType, contentId } = attachment;
  const filename = checkLine(attachment.filename, "attachments: filename");
  // There is no way to write it that all readers leave alone.
  if (filename.includes("=?")) {
    throw new PermanentError("attachments: a file name must not contain =?, as encoded words do.");
  }
  if (typeof content !== "string" && !(content instanceof Uint8Array)) {
    throw new PermanentError("attachments: the content must be text or bytes.");
  }
  if (contentType !== undefined && !contentTypeText.test(contentType)) {
    throw new PermanentError("attachments: a content type isn't of the form type/subtype.");
  }
  if (contentId !== undefined && !contentIdText.test(contentId)) {
    throw new PermanentError("attachments: a content id must be 1 to 200 of [A-Za-z0-9._@-].");
  }
  return { filename, content, contentType, contentId };
}

/** An inline part that no HTML names would be shown by no reader, or by each in its own way. */
function checkInlineParts({ html, attachments }: CheckedEmail): void {
  const ids = attachments.flatMap(({ contentId }) => contentId ?? []);
  if (new Set(ids).size < ids.length) {
    throw new PermanentError("attachments: two parts have the same content id.");
  }
  if (ids.some((id) => html?.includes(`cid:${id}`) !== true)) {
    throw new PermanentError("attachments: the HTML doesn't name a content id as cid:….");
  }
}
