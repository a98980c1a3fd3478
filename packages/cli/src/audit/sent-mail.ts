/** One email that a provider accepted, as far as its traces tell. */
export interface SentMail {
  /** When it was accepted, ms since the epoch. */
  readonly at: number;
  /** Bare addresses in lower case, or whatever else names a recipient. */
  readonly recipients: readonly string[];
  readonly subject: string;
  /** Names the notification exactly: two emails with the same one are copies. */
  readonly notification?: string;
  /** A digest of the content: two emails with the same one within the window are copies. */
  readonly content?: string;
}

/** What one line of the input says. */
export type Trace =
  | { readonly kind: "sent"; readonly messageId: string | undefined; readonly mail: SentMail }
  /** It was not sent, or refused after it was accepted: nobody got it. */
  | { readonly kind: "notSent"; readonly messageId: string | undefined }
  /** It didn't reach these recipients. */
  | {
      readonly kind: "undelivered";
      readonly messageId: string;
      readonly mail: SentMail;
      readonly recipients: readonly string[];
    }
  /** It reached these recipients, whatever else is said about them. */
  | {
      readonly kind: "delivered";
      readonly messageId: string;
      readonly mail: SentMail;
      readonly recipients: readonly string[];
    };

/** `Ann <Ann@Example.org>` and `ann@example.org ` are one recipient. */
export function bareRecipient(text: string): string {
  const bare = /<([^<>]*)>\s*$/.exec(text)?.[1] ?? text;
  return bare.trim().toLowerCase();
}
