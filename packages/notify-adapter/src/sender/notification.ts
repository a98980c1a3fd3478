/** A file that a placeholder links to, as Notify's API takes it. */
export interface NotifyFile {
  /** In base64. */
  readonly file: string;
  readonly filename?: string | undefined;
  readonly confirm_email_before_download?: boolean | undefined;
  readonly retention_period?: string | undefined;
}

/** Values of a template's placeholders. */
export type Personalisation = Readonly<
  Record<string, string | number | boolean | readonly string[] | NotifyFile>
>;

interface Notification {
  /** Of a template in Notify. */
  readonly templateId: string;
  readonly personalisation?: Personalisation | undefined;
  /** The kind of notification, for rates; default the template's id. */
  readonly template?: string | undefined;
}

/** An email, as a handler gives it to `ctx.once`. */
export interface NotifyEmail extends Notification {
  readonly to: string;
  /** One of the service's reply-to addresses, by its id. */
  readonly replyToId?: string | undefined;
  /** `https://…`, for the link that mail programs show. */
  readonly oneClickUnsubscribeUrl?: string | undefined;
}

/** A text message, as a handler gives it to `ctx.once`. */
export interface NotifySms extends Notification {
  /** The phone number. */
  readonly to: string;
  /** One of the service's text message senders, by its id. */
  readonly smsSenderId?: string | undefined;
}

/** A notification ready to be sent, but for its reference. */
export interface PreparedNotification {
  readonly to: string;
  /** The request's body, without `reference`. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly contentDigest: string;
  readonly template: string;
}
