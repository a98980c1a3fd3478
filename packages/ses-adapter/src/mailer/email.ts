/** A sender or recipient; the name may be any text on one line, the address is ASCII or an IDN. */
export interface Mailbox {
  readonly name?: string;
  readonly address: string;
}

export interface Attachment {
  readonly filename: string;
  readonly content: string | Uint8Array;
  /** Default: guessed from the file name. */
  readonly contentType?: string;
  /** Makes it an inline part that the HTML names as `cid:…`. */
  readonly contentId?: string;
}

/** One email to one recipient, rendered: whoever makes it has escaped what goes into the HTML. */
export interface Email {
  readonly to: string | Mailbox;
  readonly subject: string;
  readonly html: string;
  /** The same in plain text, for readers that show no HTML. */
  readonly text: string;
  readonly replyTo?: string | Mailbox;
  readonly attachments?: readonly Attachment[];
  /** Further headers, such as `List-Unsubscribe`. Those the mailer or SES sets are refused. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What kind of email it is, for rates and reports: 1 to 64 of `[A-Za-z0-9_-]`. */
  readonly template?: string;
}

/** What is left to do is to add the attempt and send. Nothing in it differs between attempts. */
export interface PreparedEmail {
  /** The MIME message without the attempt's header. */
  readonly raw: Uint8Array;
  /** The bare address of the envelope. */
  readonly recipient: string;
  /** 128 bits of SHA-256 over the rendered content, as hex. The recipient isn't part of it. */
  readonly contentDigest: string;
  readonly template?: string;
}
