/** One webhook, as a handler gives it to `ctx.once`. */
export interface Webhook {
  /** Where it goes; default the sender's own `url`. */
  readonly url?: string | undefined;
  /** Those that the receiver knows; default the sender's own. See `WebhookSenderOptions.secrets`. */
  readonly secrets?: readonly string[] | undefined;
  /** Text as it is, anything else as JSON. */
  readonly body: unknown;
  /** Default `application/json`. */
  readonly contentType?: string | undefined;
  /** Names the kind of webhook, for rates: `"form.updated"`. */
  readonly type?: string | undefined;
}

/** A webhook ready to be sent, but for its signature. */
export interface PreparedWebhook {
  readonly url: URL;
  readonly secrets: readonly Buffer[];
  readonly body: string;
  readonly contentType: string;
  readonly contentDigest: string;
  readonly type: string | undefined;
}
