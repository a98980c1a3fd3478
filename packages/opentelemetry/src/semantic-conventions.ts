/**
 * Every name that appears in spans and metrics. Those of OpenTelemetry are of this version of its semantic
 * conventions; the ones for messaging and for AWS are still in development there, and may change
 * (https://opentelemetry.io/docs/specs/semconv/messaging/). Those that begin with `exactly_once` are ours.
 */
export const SEMANTIC_CONVENTIONS_VERSION = "1.45.0";

export const SCHEMA_URL = `https://opentelemetry.io/schemas/${SEMANTIC_CONVENTIONS_VERSION}`;

/** Of OpenTelemetry. */
export const MESSAGING_SYSTEM = "messaging.system.name";
export const MESSAGING_OPERATION_NAME = "messaging.operation.name";
export const MESSAGING_OPERATION_TYPE = "messaging.operation.type";
export const MESSAGING_DESTINATION_NAME = "messaging.destination.name";
export const MESSAGING_MESSAGE_ID = "messaging.message.id";
export const ERROR_TYPE = "error.type";
export const MESSAGING_PROCESS_DURATION = "messaging.process.duration";

/** Values of OpenTelemetry's. */
export const AWS_SQS = "aws.sqs";
export const PROCESS = "process";

/** Of this package, on spans alone: they bear ids. */
export const KEY = "exactly_once.key";
export const FENCE = "exactly_once.fence";
export const ATTEMPT_ID = "exactly_once.attempt.id";
export const RECEIVE_COUNT = "exactly_once.receive_count";

/** Of this package, on spans and metrics: each has few values. */
export const PIPELINE = "exactly_once.pipeline";
export const EFFECT = "exactly_once.effect";
export const DISPOSITION = "exactly_once.disposition";
export const OUTCOME = "exactly_once.outcome";
export const REASON = "exactly_once.reason";
export const CODE = "exactly_once.code";
export const KIND = "exactly_once.kind";
export const ACTION = "exactly_once.action";
