import { createHmac, randomBytes } from "node:crypto";

/** How recipients and subjects appear in what the audit writes. */
export interface Disguise {
  recipient(text: string): string;
  subject(text: string): string;
}

export interface DisguiseOptions {
  /** Keys the digests. Without one they are of this run only, and can't be compared with another's. */
  readonly secret?: string | undefined;
  readonly showRecipients?: boolean | undefined;
  readonly showSubjects?: boolean | undefined;
}

/** Digests unless told otherwise: subjects may name people as well. */
export function disguise(options: DisguiseOptions): Disguise {
  const secret = options.secret ?? randomBytes(32);
  const digest = (kind: string, text: string) =>
    createHmac("sha256", secret)
      .update(JSON.stringify([kind, text]))
      .digest("hex")
      .slice(0, 12);
  return {
    recipient: (text) =>
      options.showRecipients === true ? text : `r-${digest("recipient", text)}`,
    subject: (text) => {
      if (text === "") return "(none)";
      return options.showSubjects === true ? text : `s-${digest("subject", text)}`;
    },
  };
}
