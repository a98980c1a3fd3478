import type { ConsumerEvent, MessageFacts } from "@exactly-once/core";
import { describeError } from "./describe-error.js";
import type { Logger } from "./logger.js";

type Level = "debug" | "info" | "warn" | "error";

const LEVELS: Readonly<Partial<Record<ConsumerEvent["type"], Level>>> = {
  started: "info",
  draining: "info",
  stopped: "info",
  done: "info",
  duplicateSuppressed: "info",
  sendSuppressed: "info",
  resumed: "info",
  storeUp: "info",
  receivingResumed: "info",
  sendingResumed: "info",
  redeliveredWhileRunning: "warn",
  retry: "warn",
  held: "warn",
  leaseLost: "warn",
  receiveFailed: "warn",
  senderUnavailable: "warn",
  describeFailed: "warn",
  storeUnavailable: "warn",
  deploymentFinding: "warn",
  extendFailed: "warn",
  acknowledgeFailed: "warn",
  storeDown: "warn",
  receivingPaused: "warn",
  sendingPaused: "warn",
  tripwire: "warn",
  effectWaived: "warn",
  settledAfterDeadLetter: "warn",
  deadLettered: "error",
  deadLetterImpossible: "error",
  duplicateProven: "error",
  recordLost: "error",
  internalError: "error",
};

/**
 * Writes an event of a consumer as one line. Fields are picked by hand: ids, digests, counts and
 * the reasons that the library keeps free of personal data. What isn't picked isn't logged.
 */
export function logConsumerEvent(logger: Logger, event: ConsumerEvent): void {
  const level = LEVELS[event.type] ?? "debug";
  if (logger.isLevelEnabled(level)) logger[level](factsOf(event), event.type);
}

function factsOf(event: ConsumerEvent): Record<string, unknown> {
  return { ...messageFacts(event), ...detailsOf(event) };
}

function messageFacts(event: ConsumerEvent): Partial<MessageFacts> {
  const { messageId, pipeline, key, receiveCount } = event as Partial<MessageFacts>;
  return {
    ...(messageId === undefined ? {} : { messageId }),
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(key === undefined ? {} : { key }),
    ...(receiveCount === undefined ? {} : { receiveCount }),
  };
}

function detailsOf(event: ConsumerEvent): Record<string, unknown> {
  switch (event.type) {
    case "started":
      return { queue: event.queue };
    case "draining":
      return { inFlight: event.inFlight };
    case "received":
      return { count: event.count };
    case "receiveFailed":
    case "senderUnavailable":
    case "storeUnavailable":
      return { retryInMs: event.retryInMs, error: describeError(event.error) };
    case "deploymentFinding":
      return { subject: event.subject, code: event.code, text: event.text };
    case "claimed":
      return { fence: event.fence };
    case "attemptBegun":
      return { attemptId: event.attemptId };
    case "attemptSettled":
      return {
        attemptId: event.attemptId,
        status: event.status,
        reason: event.reason,
        receiptId: event.receipt?.id,
      };
    case "sendSuppressed":
      return { effect: event.effect, receiptId: event.receipt.id };
    case "duplicateProven":
      return {
        attemptId: event.attemptId,
        receiptId: event.receipt.id,
        duplicateOf: event.duplicateOf.id,
      };
    case "recordLost":
    case "settledAfterDeadLetter":
      return { attemptId: event.attemptId };
    case "done":
      return { durationMs: Math.round(event.durationMs), skipped: event.skipped };
    case "retry":
      return { reason: event.reason, delayMs: event.delayMs, ...errorOf(event.error) };
    case "held":
      return { reason: event.reason, attemptIds: event.attempts.map(({ attemptId }) => attemptId) };
    case "resumed":
      return { heldMs: event.heldMs };
    case "leaseLost":
      return { reason: event.reason };
    case "deadLettered":
      return { code: event.code, reason: event.text };
    case "deadLetterImpossible":
      return { code: event.code, why: event.why };
    case "extended":
      return { count: event.count, failed: event.failed };
    case "describeFailed":
    case "extendFailed":
    case "acknowledgeFailed":
    case "storeDown":
    case "internalError":
      return errorOf(event.error);
    case "storeUp":
      return { downMs: event.downMs };
    case "receivingPaused":
      return { reason: event.reason, forMs: event.forMs };
    case "sendingPaused":
      return { reason: event.reason };
    case "tripwire":
      return { kind: event.kind, action: event.action, detail: event.detail };
    case "effectWaived":
      return { effect: event.effect, why: event.why };
    case "stopped":
    case "redeliveredWhileRunning":
    case "duplicateSuppressed":
    case "receivingResumed":
    case "sendingResumed":
      return {};
  }
}

function errorOf(error: unknown): Record<string, unknown> {
  return error === undefined ? {} : { error: describeError(error) };
}
