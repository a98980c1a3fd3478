import type { ReconcileObservation } from "@exactly-once/ses-adapter";
import { describeError } from "./describe-error.js";
import type { Logger } from "./logger.js";

type Level = "debug" | "info" | "warn" | "error";

const LEVELS: Readonly<Partial<Record<ReconcileObservation["type"], Level>>> = {
  eventSettled: "info",
  resolvedNotSent: "info",
  undeliverable: "warn",
  unknownAttempt: "warn",
  datedAhead: "warn",
  unknownEventType: "warn",
  settledAfterDeadLetter: "warn",
  reconcileFailed: "warn",
  duplicateProven: "error",
};

/** Writes what an SES event meant as one line of ids; addresses and subjects stay in the event. */
export function logSesEvent(logger: Logger, observation: ReconcileObservation): void {
  const level = LEVELS[observation.type] ?? "debug";
  if (logger.isLevelEnabled(level)) logger[level](factsOf(observation), `ses.${observation.type}`);
}

function factsOf(observation: ReconcileObservation): Record<string, unknown> {
  switch (observation.type) {
    case "eventSettled":
    case "settledAfterDeadLetter":
    case "unknownAttempt":
    case "datedAhead":
      return { ...eventFacts(observation), attemptId: observation.attemptId };
    case "undeliverable":
      return {
        ...eventFacts(observation),
        attemptId: observation.attemptId,
        why: observation.why,
      };
    case "duplicateProven":
      return {
        ...eventFacts(observation),
        attemptId: observation.attemptId,
        duplicateOf: observation.duplicateOf.id,
      };
    case "unknownEventType":
      return { ...eventFacts(observation), typeText: observation.typeText };
    case "foreignEvent":
      return eventFacts(observation);
    case "notice":
      return {};
    case "resolvedNotSent":
      return { attemptId: observation.attemptId };
    case "undecided":
      return { attemptId: observation.attemptId, because: observation.because };
    case "reconcileFailed":
      return { error: describeError(observation.error) };
  }
}

/** SES's own id of the email, by the name that it has in the other lines. */
function eventFacts(facts: { readonly eventType: string; readonly messageId: string }) {
  return { eventType: facts.eventType, receiptId: facts.messageId };
}
