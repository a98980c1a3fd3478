import type { Outcome, Throttle } from "@exactly-once/core/ports";

/** After a rate throttle, ms. SES's rate is per second. */
const rateRetryMs = 1_000;
/** After the daily quota is used up, ms. It is a sliding 24 hours, so some of it comes back early. */
export const quotaPauseMs = 15 * 60_000;
/** While the account (or its configuration set) is paused, or its settings refuse all email, ms. */
const pausedRetryMs = 5 * 60_000;
/** While nobody may send with these credentials, ms. */
const accessRetryMs = 60_000;

/** Codes that no retry of the same content mends. */
const permanentCodes: ReadonlySet<string> = new Set([
  "MessageRejected",
  "InvalidParameterValue",
  "InvalidParameterCombination",
  "MissingParameter",
  "ValidationError",
  "InvalidParameter",
  "MalformedQueryString",
  "SerializationException",
]);

const throttlingCodes: ReadonlySet<string> = new Set([
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "TooManyRequestsException",
  "RequestLimitExceeded",
  "LimitExceeded",
]);

/**
 * No email of this account or configuration can go out until somebody mends a setting. Permanent for
 * one email would mean the dead-letter queue for the whole stream, by one slip.
 */
const pausedCodes: ReadonlySet<string> = new Set([
  "AccountSendingPaused",
  "ConfigurationSetSendingPaused",
  "ConfigurationSetDoesNotExist",
  "MailFromDomainNotVerified",
]);

/** No email can go out until somebody mends the credentials, so all sending waits. */
const accessCodes: ReadonlySet<string> = new Set([
  "AccessDenied",
  "InvalidClientTokenId",
  "UnrecognizedClientException",
  "ExpiredToken",
  "MissingAuthenticationToken",
  "NotAuthorized",
  "OptInRequired",
]);

/** The front end gave up on reading the request; whether a part of it was taken isn't said. */
const inconclusiveCodes: ReadonlySet<string> = new Set([
  "RequestTimeout",
  "RequestTimeoutException",
]);

/**
 * What a parsed 4xx with an SES error code says: not sent, and what to do about it.
 *
 * Sources: Amazon SES API Reference, "Common Errors" and the errors of `SendRawEmail`; Developer
 * Guide, "Errors related to the sending quotas" for the texts that share the code `Throttling`.
 */
export function classifyRefusal(sesCode: string, message: string): Outcome {
  if (inconclusiveCodes.has(sesCode)) return { status: "unknown", reason: sesCode };
  // Modelled errors bear the suffix on some versions of the client and not on others.
  const code = throttlingCodes.has(sesCode) ? sesCode : sesCode.replace(/Exception$/, "");
  const reason = /^[A-Za-z.]{1,80}$/.test(code) ? code : "otherSesError";
  const permanent = permanentCodes.has(code) || permanentCodes.has(sesCode);
  const throttle = throttleFor(sesCode, code, message);
  return {
    status: "rejected",
    reason: throttle?.scope === "quota" && throttlingCodes.has(code) ? "dailyQuotaUsedUp" : reason,
    ...(permanent ? { permanent } : {}),
    ...(throttle ? { throttle } : {}),
  };
}

function throttleFor(sesCode: string, code: string, message: string): Throttle | undefined {
  if (throttlingCodes.has(code)) {
    return /daily|quota/i.test(message)
      ? { scope: "quota", retryAfterMs: quotaPauseMs }
      : { scope: "rate", retryAfterMs: rateRetryMs };
  }
  if (pausedCodes.has(code)) return { scope: "quota", retryAfterMs: pausedRetryMs };
  if (accessCodes.has(code) || accessCodes.has(sesCode)) {
    return { scope: "quota", retryAfterMs: accessRetryMs };
  }
  return undefined;
}
