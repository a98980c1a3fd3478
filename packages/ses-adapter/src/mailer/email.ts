/** A sender or recipient; the name may be any text on one line, the address is ASCII or an IDN. */
export interface Mailbox {
  readonly name?: string | undefined;
  readonly address: string;
}

/** One or several of them; an address alone, or with the name it is shown by. */
export type Mailboxes = string | Mailbox | readonly (string | Mailbox)[];

export interface Attachment {
  readonly filename: string;
  readonly content: string | Uint8Array;
  /** Default: guessed from the file name. */
  readonly contentType?: string | undefined;
  /** Makes it an inline part that the HTML names as `cid:…`. */
  readonly contentId?: string | undefined;
}

/**
 * One email, rendered: whoever makes it has escaped what goes into the HTML. It has at least one of
 * `html` and `text`.
 *
 * Its recipients, 50 at most, share one fate: SES takes the email for all of them or for none. Who
 * must not share it gets an email of their own, under an effect `part`.
 */
export interface Email {
  readonly to: Mailboxes;
  readonly cc?: Mailboxes | undefined;
  /** Nobody else sees them. */
  readonly bcc?: Mailboxes | undefined;
  readonly subject: string;
  readonly html?: string | undefined;
  /** For readers that show no HTML. */
  readonly text?: string | undefined;
  readonly replyTo?: Mailboxes | undefined;
  readonly attachments?: readonly Attachment[] | undefined;
  /** Further headers, such as `List-Unsubscribe`. Those the mailer or SES sets are refused. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What kind of email it is, for rates and reports: 1 to 64 of `[A-Za-z0-9_-]`. */
  readonly template?: string | undefined;
}

/** Bare addresses of the envelope; each stands in it once. */
export interface EnvelopeRecipients {
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
}

/** What is left to do is to add the attempt and send. Nothing in it differs between attempts. */
export interface PreparedEmail {
  /** The MIME message without the attempt's header. */
  readonly raw: Uint8Array;
  readonly recipients: EnvelopeRecipients;
  /** 128 bits of SHA-256 over the rendered content, as hex. The recipients aren't part of it. */
  readonly contentDigest: string;
  readonly template?: string | undefined;
}

/** One request's worth: a prepared email with its attempt on it. */
export interface OutgoingEmail {
  /** The bare address of the sender. */
  readonly from: string;
  readonly recipients: EnvelopeRecipients;
  readonly raw: Uint8Array;
  /** Message tags by name; SES repeats them in the email's events. */
  readonly tags: readonly (readonly [name: string, value: string])[];
}

export function everyRecipient({ to, cc, bcc }: EnvelopeRecipients): readonly string[] {
  return [...to, ...cc, ...bcc];
}
