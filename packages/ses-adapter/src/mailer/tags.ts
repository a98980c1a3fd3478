/**
 * Message tags of every email we send. SES repeats them in the email's events, which is how an
 * event finds its attempt. Names and values take `[A-Za-z0-9_-]`, up to 256 characters.
 */
export const emailTags = {
  attempt: "exactly-once-attempt",
  namespace: "exactly-once-namespace",
  content: "exactly-once-content",
  template: "exactly-once-template",
} as const;

/** The header that carries the attempt id to the reader of an email, and into SES events. */
export const attemptHeader = "X-Exactly-Once-Attempt";
