import type { HoldReason, Receipt } from "@exactly-once/core";

/**
 * Whom a notification is for and why it is sent. Holds no text that a person or another system
 * chose, since that may bear a name.
 */
export interface Cause {
  readonly traineeId: string;
  readonly pipeline: string;
  readonly template: string;
  /** What of the event may be kept: states, kinds, moments. */
  readonly event: Readonly<Record<string, string>>;
}

/** What SES tells of an email it took, in its own words. Opens and clicks are nobody's business. */
export const deliveryStates = [
  "Complaint",
  "Reject",
  "RenderingFailure",
  "Bounce",
  "Delivery",
  "DeliveryDelay",
  "Send",
] as const;

export type DeliveryState = (typeof deliveryStates)[number];

/** One thing that happened to one notification. Safe to record in any order. */
export type HistoryFact = {
  /** The notification's key digest. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
} & (
  | { readonly type: "seen"; readonly cause: Cause }
  | {
      readonly type: "sent";
      /** SES's MessageId; `null` where an operator said "sent" without knowing it. */
      readonly messageId: string | null;
      readonly via: Receipt["via"];
      readonly attemptId?: string;
      /** The keyed digest of the content. */
      readonly content?: string;
    }
  | {
      readonly type: "delivery";
      readonly messageId: string;
      readonly state: DeliveryState;
      /** `Permanent`, `Transient` or `Undetermined`. */
      readonly bounceType?: string;
    }
  /** It would have been sent once more. */
  | { readonly type: "suppressed" }
  | { readonly type: "held"; readonly reason: HoldReason }
  /** `queueMessageId` finds the message in the dead-letter queue, with the reason in words. */
  | { readonly type: "deadLettered"; readonly code: string; readonly queueMessageId: string }
  | { readonly type: "done" }
);
