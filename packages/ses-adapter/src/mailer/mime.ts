import { PermanentError } from "@exactly-once/core";
import { canonicalJson } from "@exactly-once/core/ports";
import MailComposer from "nodemailer/lib/mail-composer";
import { createHash } from "node:crypto";
import { checkEmail, type CheckedEmail } from "./check-email.js";
import type { Email, EnvelopeRecipients, Mailbox, PreparedEmail } from "./email.js";
import { encodedMailboxes, encodedText, headerLine } from "./header-lines.js";
import { attemptHeader } from "./tags.js";

/** Room for the header that names the attempt. */
const attemptHeaderBytes = 300;

export interface RenderOptions {
  readonly from: Mailbox;
  /** Where an email doesn't say itself. */
  readonly replyTo: readonly Mailbox[] | undefined;
  readonly maxMessageBytes: number;
}

/**
 * Renders an email to MIME and digests its content. The address lines, the subject and the caller's
 * own headers are written here; the rest is the MIME library's.
 *
 * @throws PermanentError for whatever SES would refuse
 */
export async function renderEmail(email: Email, options: RenderOptions): Promise<PreparedEmail> {
  const checked = checkEmail(email);
  const replyTo = checked.replyTo ?? options.replyTo;
  const contentDigest = digestOf(checked, options.from, replyTo);
  const [, domain = ""] = options.from.address.split("@");
  const mime = await new MailComposer({
    // SES puts its own in its place; without one here, the machine's name would be in it.
    messageId: `<${contentDigest}@${domain}>`,
    ...(checked.text === undefined ? {} : { text: checked.text }),
    ...(checked.html === undefined ? {} : { html: checked.html }),
    attachments: checked.attachments.map(({ filename, content, contentType, contentId }) => ({
      filename,
      content: typeof content === "string" ? content : Buffer.from(content),
      ...(contentType === undefined ? {} : { contentType }),
      ...(contentId === undefined ? {} : { cid: contentId }),
    })),
    // Content never names files or URLs here; this keeps it so.
    ...{ disableFileAccess: true, disableUrlAccess: true, newline: "\r\n" },
    // An explicit boundary keeps the message free of chance, and can't be foreseen by its content.
    baseBoundary: digest(["boundary", contentDigest]),
  })
    .compile()
    .build();
  const raw = Buffer.concat([headersOf(checked, options.from, replyTo), mime]);
  if (raw.byteLength + attemptHeaderBytes > options.maxMessageBytes) {
    throw new PermanentError(
      `The email has ${raw.byteLength} bytes with its attachments; SES takes ${options.maxMessageBytes}.`,
    );
  }
  const { template } = checked;
  return {
    ...{ raw, contentDigest, recipients: envelopeOf(checked) },
    ...(template === undefined ? {} : { template }),
  };
}

/** The message as it goes to SES: the attempt's header before all others. */
export function withAttempt(prepared: PreparedEmail, attemptId: string): Uint8Array {
  return Buffer.concat([Buffer.from(headerLine(attemptHeader, attemptId)), prepared.raw]);
}

function headersOf(
  { to, cc, subject, headers }: CheckedEmail,
  from: Mailbox,
  replyTo: readonly Mailbox[] | undefined,
): Buffer {
  const addressed = Object.entries({ From: [from], To: to, Cc: cc, "Reply-To": replyTo ?? [] })
    .filter(([, mailboxes]) => mailboxes.length > 0)
    .map(([name, mailboxes]) => headerLine(name, encodedMailboxes(mailboxes)));
  const own = Object.entries({ Subject: subject, ...headers }).map(([name, value]) =>
    headerLine(name, encodedText(value)),
  );
  return Buffer.from([...addressed, ...own].join(""));
}

/** Who stands in several lists, or twice in one, gets the email once. */
function envelopeOf({ to, cc, bcc }: CheckedEmail): EnvelopeRecipients {
  const seen = new Set<string>();
  const once = (mailboxes: readonly Mailbox[]) =>
    mailboxes
      .map(({ address }) => address)
      .filter((address) => seen.size < seen.add(address.toLowerCase()).size);
  return { to: once(to), cc: once(cc), bcc: once(bcc) };
}

function digestOf(
  { subject, html, text, headers, attachments }: CheckedEmail,
  from: Mailbox,
  replyTo: readonly Mailbox[] | undefined,
): string {
  return digest([
    ...[from, replyTo ?? null, subject, html ?? null, text ?? null, headers],
    attachments.map(({ content, filename, contentType = null, contentId = null }) => [
      ...[filename, contentType, contentId],
      createHash("sha256").update(content).digest("hex"),
    ]),
  ]);
}

function digest(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex").slice(0, 32);
}
