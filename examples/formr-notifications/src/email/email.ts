/** A rendered email for one doctor; a narrower form of what the mailer takes. */
export interface Email {
  readonly to: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  /** The template's name: the kind of email, for rates and logs. */
  readonly template: string;
}
