import { emailTags } from "../mailer/tags.js";

export interface EventDraft {
  readonly eventType?: string;
  readonly messageId?: string;
  readonly attemptId?: string;
  readonly namespace?: string;
  /** Ms since the epoch, SES's clock. */
  readonly acceptedAt?: number;
}

/** The body of an event message with raw delivery. */
export function eventBody(draft: EventDraft): string {
  const { eventType = "Send", messageId = "0100-a", acceptedAt = 1_767_225_600_000 } = draft;
  return JSON.stringify({
    eventType,
    mail: {
      timestamp: new Date(acceptedAt).toISOString(),
      messageId,
      destination: ["doctor@example.org"],
      commonHeaders: { subject: "Form received" },
      tags: {
        "ses:configuration-set": ["letters"],
        ...(draft.attemptId === undefined ? {} : { [emailTags.attempt]: [draft.attemptId] }),
        [emailTags.namespace]: [draft.namespace ?? "tis-notifications"],
      },
    },
    [eventType.toLowerCase()]: { detail: true },
  });
}

/** The same inside SNS's envelope, as without raw delivery. */
export function inEnvelope(message: string, type = "Notification"): string {
  return JSON.stringify({ Type: type, MessageId: "sns-1", TopicArn: "arn", Message: message });
}
