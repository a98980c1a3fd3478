import type { Notification, SentEmail } from "./notification.js";

/**
 * A line of what `exactly-once audit` takes as a service's own history. The recipient is the
 * trainee's id: an address isn't needed to find who got an email twice.
 */
export interface AuditLine {
  readonly at: string;
  readonly to: string;
  /** Anything but `accepted` reached nobody. */
  readonly outcome: string;
  readonly key: string;
  /** The template's name: a subject may bear what is personal. */
  readonly subject: string;
  readonly attempt?: string;
  readonly content?: string;
  readonly messageId?: string;
}

/** One line for each email, or one for a notification that hasn't any. */
export function auditLinesOf(notification: Notification): readonly AuditLine[] {
  const { key, traineeId: to, template: subject, at, state, emails } = notification;
  if (emails.length === 0) {
    return [{ at: new Date(at).toISOString(), to, outcome: state, key, subject }];
  }
  return emails.map((email) => ({
    at: new Date(email.sentAt).toISOString(),
    to,
    outcome: outcomeOf(email),
    key,
    subject,
    ...(email.attemptId === undefined ? {} : { attempt: email.attemptId }),
    ...(email.content === undefined ? {} : { content: email.content }),
    ...(email.messageId === null ? {} : { messageId: email.messageId }),
  }));
}

function outcomeOf({ via, delivery }: SentEmail): string {
  if (via === "simulated") return via;
  switch (delivery?.state) {
    case "Reject":
    case "RenderingFailure":
      return delivery.state;
    case "Bounce":
      return delivery.bounceType === "Permanent" ? delivery.state : "accepted";
    default:
      return "accepted";
  }
}
