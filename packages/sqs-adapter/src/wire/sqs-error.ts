import { QueueUnavailableError } from "@exactly-once/core";
import type { QueueReply } from "@exactly-once/core/ports";

/** What SQS said about one entry of a batch (`BatchResultErrorEntry`). */
export interface EntryError {
  readonly code: string;
  readonly message: string;
  /** `false` where SQS takes the blame. */
  readonly senderFault?: boolean | undefined;
}

/** The delivery goes on for as long as was confirmed before, and no longer. */
export const VISIBILITY_LIMIT = {
  failed: "visibilityLimit: a delivery stays invisible for at most 12 hours",
} as const;

const ENTRY_CODES = new Set([
  "MessageNotInflight",
  "ReceiptHandleIsInvalid",
  "InvalidParameterValue",
]);
const DENIED_CODES = new Set(["AccessDenied", "AuthorizationError", "KmsAccessDenied"]);
const MISSING_CODES = new Set(["QueueDoesNotExist", "NonExistentQueue", "InvalidAddress"]);

/**
 * The bare code of an SQS error: without the shape's namespace (`com.amazonaws.sqs#…`, the JSON
 * protocol), the prefix of the query protocol (`AWS.SimpleQueueService.…`) or the suffix
 * `Exception`, so that all spellings compare equal.
 */
export function plainCode(code: string): string {
  const shape = code.split("#").pop() ?? code;
  return shape
    .replace(/:.*$/, "")
    .replace(/^AWS\.SimpleQueueService\./, "")
    .replace(/Exception$/, "");
}

/** The error a service answered with, or `undefined` where no answer was understood. */
export function answeredError(fault: unknown): EntryError | undefined {
  const error = cause(fault);
  const status = (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata
    ?.httpStatusCode;
  if (!(error instanceof Error) || status === undefined || status < 400) return undefined;
  return { code: plainCode(error.name), message: error.message, senderFault: status < 500 };
}

/**
 * What an error about one entry means for its delivery.
 *
 * `MessageNotInflight` and `ReceiptHandleIsInvalid` say that the delivery is over. So does
 * `InvalidParameterValue` ("The receipt handle has expired", "Message does not exist or is not
 * available for visibility timeout change"), except where it names the parameter
 * `VisibilityTimeout`: then the 12 hours are used up and the delivery goes on for as long as was
 * confirmed before. Anything else is a failure that may pass.
 */
export function entryReply({ code, message, senderFault }: EntryError): QueueReply {
  const plain = plainCode(code);
  if (plain === "InvalidParameterValue") {
    if (/parameter VisibilityTimeout|beyond the limit/i.test(message)) {
      return VISIBILITY_LIMIT;
    }
    if (senderFault !== false) return "lost";
  } else if (ENTRY_CODES.has(plain)) {
    return "lost";
  }
  return { failed: `${plain}: ${message}`.slice(0, 300) };
}

/** A whole call was refused for a reason that lies in one of its entries. */
export function isAboutAnEntry(fault: unknown): boolean {
  const error = answeredError(fault);
  return error?.senderFault === true && ENTRY_CODES.has(error.code);
}

/** Whether asking again may help, though SQS blames the caller: too much, or too old credentials. */
export function mayPass({ code }: EntryError): boolean {
  return /throttl|toomany|overlimit|expired|skewed|timeout|unavailable/i.test(code);
}

export function isDenied(fault: unknown): boolean {
  return DENIED_CODES.has(answeredError(fault)?.code ?? "");
}

export function isMissingQueue(fault: unknown): boolean {
  return MISSING_CODES.has(answeredError(fault)?.code ?? "");
}

/** Wraps whatever a call rejected with. `timedOutMs` is set where our own timer ended it. */
export function toFault(what: string, error: unknown, timedOutMs?: number): QueueUnavailableError {
  const retryAfterMs = retryAfter(error);
  return new QueueUnavailableError(`${what} failed: ${explain(error, timedOutMs)}`, {
    cause: error,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function explain(error: unknown, timedOutMs: number | undefined): string {
  if (timedOutMs !== undefined) {
    return `no answer within ${timedOutMs} ms; look for a proxy or a route that drops connections`;
  }
  if (isDenied(error)) return "access denied; grant the role this action on the queue and its key";
  if (isMissingQueue(error)) return "no such queue; check its URL, and the region of the client";
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return `${plainCode(name)}: ${message}`;
}

function retryAfter(error: unknown): number | undefined {
  const headers = (error as { $response?: { headers?: Record<string, string> } } | undefined)
    ?.$response?.headers;
  const seconds = Number(headers?.["retry-after"] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}

function cause(fault: unknown): unknown {
  return fault instanceof QueueUnavailableError ? fault.cause : fault;
}
