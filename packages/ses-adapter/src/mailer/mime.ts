import { PermanentError } from "@exactly-once/core";
import { canonicalJson } from "@exactly-once/core/ports";
import MailComposer from "nodemailer/lib/mail-composer";
import { createHash } from "node:crypto";
import { checkMailbox, hasControl } from "./address.js";
import type { Attachment, Email, Mailbox, PreparedEmail } from "./email.js";
import { attemptHeader } from "./tags.js";

/**
 * The most SES takes through `SendRawEmail`: 10 MB after encoding, attachments included.
 * Source: "Service quotas in Amazon SES" (Developer Guide), messages by the v1 API.
 */
export const maxMessageBytes = 10 * 1_024 * 1_024;
/** Room for the header that names the attempt. */
const attemptHeaderBytes = 300;

const headerName = /^[A-Za-z0-9-]{1,76}$/;
const maxHeaderLength = 900;
const templateName = /^[A-Za-z0-9_-]{1,64}$/;
const contentTypeText = /^[\w.+-]+\/[\w.+-]+(?:; ?[\w-]+=(?:[\w.+-]+|"[\w .+-]*"))*$/;
const contentIdText = /^[A-Za-z0-9._@-]{1,200}$/;
/** Set by the mailer or by SES, or able to add recipients or instructions to SES. */
const ownHeaders =
  /^(?:from|to|cc|bcc|sender|reply-to|subject|date|message-id|return-path|mime-version|content-.*|dkim-.*|received|x-ses-.*|x-exactly-once-.*|resent-.*)$/i;

export interface RenderOptions {
  readonly from: Mailbox;
  readonly replyTo: Mailbox | undefined;
}

/**
 * Renders an email to MIME and digests its content.
 *
 * @throws PermanentError for whatever SES would refuse, and for anything that could smuggle a
 *   header or a recipient; its text bears no address, name or content.
 */
export async function renderEmail(email: Email, options: RenderOptions): Promise<PreparedEmail> {
  const to = checkMailbox(email.to, "to");
  const replyTo =
    email.replyTo === undefined ? options.replyTo : checkMailbox(email.replyTo, "replyTo");
  const subject = checkLine(email.subject, "subject");
  const headers = checkHeaders(email.headers ?? {});
  checkText(email.html, "html");
  checkText(email.text, "text");
  checkTemplate(email.template);
  const attachments = (email.attachments ?? []).map(checkAttachment);

  const contentDigest = digest([
    ...[options.from, replyTo ?? null, subject, email.html, email.text, headers],
    attachments.map(({ content, ...described }) => [described, digestBytes(content)]),
  ]);
  const raw = await new MailComposer({
    from: toAddress(options.from),
    to: toAddress(to),
    ...(replyTo === undefined ? {} : { replyTo: toAddress(replyTo) }),
    ...{ subject, headers, text: email.text, html: email.html },
    attachments: attachments.map(({ contentId, content, ...described }) => ({
      ...described,
      content: typeof content === "string" ? content : Buffer.from(content),
      ...(contentId === undefined ? {} : { cid: contentId }),
    })),
    // Content never names files or URLs here; this keeps it so.
    ...{ disableFileAccess: true, disableUrlAccess: true, newline: "\r\n" },
    // An explicit boundary keeps the message free of chance, and can't be foreseen by its content.
    baseBoundary: digest(["boundary", contentDigest]),
  })
    .compile()
    .build();
  if (raw.byteLength + attemptHeaderBytes > maxMessageBytes) {
    throw new PermanentError(
      `The email has ${raw.byteLength} bytes with its attachments; SES takes ${maxMessageBytes}.`,
    );
  }
  return {
    raw,
    recipient: to.address,
    contentDigest,
    ...(email.template === undefined ? {} : { template: email.template }),
  };
}

/** The message as it goes to SES: the attempt's header before all others. */
export function withAttempt(prepared: PreparedEmail, attemptId: string): Uint8Array {
  return Buffer.concat([Buffer.from(`${attemptHeader}: ${attemptId}\r\n`), prepared.raw]);
}

function toAddress({ name, address }: Mailbox): { name: string; address: string } {
  return { name: name ?? "", address };
}

function checkText(text: unknown, field: string): void {
  if (typeof text !== "string" || text.trim() === "") {
    throw new PermanentError(`${field}: the email needs an HTML and a plain text part.`);
  }
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
  const checked = Object.entries(headers).map(([name, value]) => {
    if (!headerName.test(name)) {
      throw new PermanentError("headers: a name has characters other than letters, digits and -.");
    }
    if (ownHeaders.test(name)) {
      throw new PermanentError(`headers: ${name} is set by the mailer or SES; leave it out.`);
    }
    return [name, checkLine(value, `headers: ${name}`)] as const;
  });
  return Object.fromEntries(checked);
}

function checkTemplate(template: unknown): void {
  if (template === undefined) return;
  if (typeof template !== "string" || !templateName.test(template)) {
    throw new PermanentError("template: the name must be 1 to 64 of [A-Za-z0-9_-].");
  }
}

function checkAttachment(attachment: Attachment): Attachment {
  const { content, contentType, contentId } = attachment;
  const filename = checkLine(attachment.filename, "attachments: filename");
  if (typeof content !== "string" && !(content instanceof Uint8Array)) {
    throw new PermanentError("attachments: the content must be text or bytes.");
  }
  if (contentType !== undefined && !contentTypeText.test(contentType)) {
    throw new PermanentError("attachments: a content type isn't of the form type/subtype.");
  }
  if (contentId !== undefined && !contentIdText.test(contentId)) {
    throw new PermanentError("attachments: a content id must be 1 to 200 of [A-Za-z0-9._@-].");
  }
  return {
    ...{ filename, content },
    ...(contentType === undefined ? {} : { contentType }),
    ...(contentId === undefined ? {} : { contentId }),
  };
}

function digest(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex").slice(0, 32);
}

function digestBytes(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
