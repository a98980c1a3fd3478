import type { Receipt } from "@exactly-once/core";
import type { DeadInfo } from "@exactly-once/core/ports";
import type { SesEventNotification } from "./ses-event.js";

/** What every observation about an SES event bears; ids only, no personal data. */
export interface EventFacts {
  readonly eventType: SesEventNotification["type"];
  /** SES's MessageId. */
  readonly messageId: string;
}

/** Why an attempt of unknown outcome isn't called "not sent" (yet). */
export type UndecidedReason =
  /** Its request could still be accepted, or its event still be under way. */
  | "tooEarly"
  /** No event of a later email has been processed yet, or one that is dated ahead of now. */
  | "noLaterEvent"
  /** Events wait unprocessed that may be about it. */
  | "eventsPending"
  /** Events stand in the dead-letter queue of the event queue: redrive them. */
  | "eventsDeadLettered"
  /** Quiet, but not for long enough. */
  | "settling"
  /** Beyond the time for which events are kept: an operator's to judge. */
  | "tooOld";

/** What becomes of SES's events and of what they settle. `at` is wall-clock ms. */
export type ReconcileObservation = { readonly at: number } & (
  | ({ readonly type: "eventSettled"; readonly attemptId: string } & EventFacts)
  /** Two different receipts for one effect: a proven duplicate, and an alarm. */
  | ({
      readonly type: "duplicateProven";
      readonly attemptId: string;
      readonly receipt: Receipt;
      readonly duplicateOf: Receipt;
    } & EventFacts)
  | ({
      readonly type: "settledAfterDeadLetter";
      readonly attemptId: string;
      readonly dead: DeadInfo;
    } & EventFacts)
  /** SES took an email in our name for an attempt that the store doesn't know. */
  | ({ readonly type: "unknownAttempt"; readonly attemptId: string } & EventFacts)
  /**
   * Taken by SES, but not delivered (`Reject`, `RenderingFailure`, `Bounce`); never retried. `why` is
   * SES's word for it, such as `OnAccountSuppressionList`.
   */
  | ({
      readonly type: "undeliverable";
      readonly attemptId: string;
      readonly why?: string;
    } & EventFacts)
  /** Later than now: it counts as evidence, and says nothing about how far events have come. */
  | ({ readonly type: "datedAhead"; readonly attemptId: string } & EventFacts)
  /** Of a type that this version doesn't know. */
  | ({ readonly type: "unknownEventType"; readonly typeText: string } & EventFacts)
  /** Another service's email, or one without our tags. */
  | ({ readonly type: "foreignEvent" } & EventFacts)
  | { readonly type: "notice" }
  | { readonly type: "resolvedNotSent"; readonly attemptId: string }
  | { readonly type: "undecided"; readonly attemptId: string; readonly because: UndecidedReason }
  | { readonly type: "reconcileFailed"; readonly error: unknown }
);

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** Gets every observation at once. What it throws is ignored. */
export type ReconcileObserver = (observation: ReconcileObservation) => void;

export type Tell = (observation: DistributiveOmit<ReconcileObservation, "at">) => void;

/** Passes observations on; a throwing observer harms nothing. */
export function createTell(observe: ReconcileObserver | undefined, now: () => number): Tell {
  return (observation) => {
    try {
      observe?.({ at: now(), ...observation });
    } catch {
      // An observer's fault is not the event's.
    }
  };
}
