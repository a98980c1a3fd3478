import type { SesError } from "./ses-api.js";

/** What to do about an email that SES declined. */
export type Verdict =
  /** Its own fault: no other try of the same content can succeed. */
  | { readonly kind: "message" }
  /** Everybody's trouble, which no message is to blame for: all sending waits this long, ms. */
  | { readonly kind: "wait"; readonly scope: "rate" | "quota"; readonly waitMs: number }
  /** It may be either; what happens to other emails will tell. */
  | { readonly kind: "doubtful" }
  /** Whether a part of the request was taken isn't said. */
  | { readonly kind: "inconclusive" };

/** Whose identities an "is not verified" is about. */
export interface RefusalContext {
  /** The bare address that emails come from. */
  readonly from: string;
  /** Bare addresses of the envelope. */
  readonly recipients: readonly string[];
}

/** After a rate throttle, ms. SES's rate is per second. */
const rateWaitMs = 1_000;
/** After the daily quota is used up, ms. It is a sliding 24 hours, so some of it comes back early. */
export const quotaWaitMs = 15 * 60_000;
/** While nothing goes out until somebody mends the account, its settings or the permissions, ms. */
const mendWaitMs = 60_000;

interface Rule {
  readonly codes: readonly string[];
  /** Of the error's text; default: any. */
  readonly text?: RegExp;
  /** In place of SES's code, where the text says more. */
  readonly reason?: string;
  /** Nobody may send with these credentials, or with a request like this. */
  readonly access?: true;
  readonly verdict: Verdict | ((error: SesError, context: RefusalContext) => Judgement);
}

export interface Judgement {
  /** A word for logs and metrics, without personal data. */
  readonly reason: string;
  readonly verdict: Verdict;
  /** Nobody may send with these credentials: a start is refused. */
  readonly access?: true;
}

const message: Verdict = { kind: "message" };
const wait = (scope: "rate" | "quota", waitMs: number): Verdict => ({
  ...{ kind: "wait", scope, waitMs },
});

const throttling = [
  ...["Throttling", "Throttled", "TooManyRequests", "RequestLimitExceeded", "LimitExceeded"],
];
const badValue = [
  ...["InvalidParameterValue", "InvalidParameter", "ValidationError", "Validation", "BadRequest"],
];

/**
 * The first rule that fits decides; what none fits is doubtful.
 *
 * By code alone SES says too little: `MessageRejected` is a virus in one email and a paused account
 * for all. So texts are looked at, and a test pins each. Codes are without `Exception`.
 *
 * Sources: SES API Reference (v1 and v2), "Common Errors" and the errors of `SendRawEmail` and
 * `SendEmail`; Developer Guide, "Amazon SES email sending errors" and "Errors related to the sending
 * quotas".
 */
const rules: readonly Rule[] = [
  { codes: ["RequestTimeout"], verdict: { kind: "inconclusive" } },

  {
    ...{ codes: throttling, text: /daily|quota/i, reason: "dailyQuotaUsedUp" },
    verdict: wait("quota", quotaWaitMs),
  },
  { codes: throttling, verdict: wait("rate", rateWaitMs) },

  // A paused process, or a clock that is off: SES's answer has brought its time along.
  {
    ...{ codes: ["SignatureDoesNotMatch", "InvalidSignature", "RequestExpired"] },
    ...{ text: /expired|not yet current/i, reason: "signatureExpired" },
    verdict: wait("rate", rateWaitMs),
  },
  {
    codes: ["RequestExpired"],
    ...{ reason: "signatureExpired", verdict: wait("rate", rateWaitMs) },
  },

  {
    codes: [
      ...["AccountSendingPaused", "AccountSuspended", "SendingPaused"],
      ...["ConfigurationSetSendingPaused", "ConfigurationSetDoesNotExist"],
      // v2 says so of a configuration set or a tenant.
      ...["MailFromDomainNotVerified", "NotFound"],
    ],
    verdict: wait("quota", mendWaitMs),
  },
  {
    ...{ codes: ["MessageRejected"], reason: "AccountSendingPaused" },
    text: /\b(?:sending|account)\b.*\b(?:paused|suspended|disabled|shut down|under review)\b/i,
    verdict: wait("quota", mendWaitMs),
  },
  { codes: ["MessageRejected"], text: /is not verified/i, verdict: judgeIdentities },
  {
    ...{ codes: ["MessageRejected"], text: /blacklisted|suppression list/i },
    ...{ reason: "recipientSuppressed", verdict: message },
  },
  { codes: ["MessageRejected"], text: /virus|bad content/i, verdict: message },
  {
    ...{ codes: badValue, reason: "invalidAddress", verdict: message },
    text: /final '@domain'|local (?:name|address)|domain (?:contains|starts|ends)|missing (?:domain|top-level domain)|illegal address|address length|invalid email address/i,
  },
  {
    ...{ codes: badValue, verdict: message },
    text: /message length|header|recipient count|no recipients|non-ascii|tag (?:name|value)|control characters/i,
  },

  {
    codes: [
      ...["AccessDenied", "NotAuthorized", "OptInRequired", "ExpiredToken", "InvalidClientTokenId"],
      ...["UnrecognizedClient", "MissingAuthenticationToken", "IncompleteSignature"],
      ...["SignatureDoesNotMatch", "InvalidSignature"],
    ],
    access: true,
    verdict: wait("quota", mendWaitMs),
  },
];

/** What a parsed 4xx with an SES error code says: not sent, and what to do about it. */
export function judgeRefusal(error: SesError, context: RefusalContext): Judgement {
  const rule = rules.find(
    ({ codes, text }) =>
      codes.includes(error.code) && (text === undefined || text.test(error.message)),
  );
  if (typeof rule?.verdict === "function") return rule.verdict(error, context);
  const reason =
    rule?.reason ?? (/^[A-Za-z.]{1,80}$/.test(error.code) ? error.code : "otherSesError");
  const verdict = rule?.verdict ?? { kind: "doubtful" };
  return { reason, verdict, ...(rule?.access ? { access: true } : {}) };
}

/**
 * SES lists the identities that aren't verified, and ends with an ellipsis where there are more. Ours
 * among them concerns every email; the recipients alone are in the way of this one only, in an
 * account that is still in the sandbox.
 */
function judgeIdentities({ message: text }: SesError, context: RefusalContext): Judgement {
  const [, list = ""] = /failed the check in region [\w-]+: *(.*)$/is.exec(text) ?? [];
  const listed = list
    .split(",")
    .map((identity) => bareIdentity(identity))
    .filter((identity) => identity !== "");
  const [, ownDomain = ""] = context.from.toLowerCase().split("@");
  const own = [context.from.toLowerCase(), ownDomain];
  if (listed.some((identity) => own.includes(identity))) {
    return { reason: "senderNotVerified", verdict: wait("quota", mendWaitMs) };
  }
  const recipients = new Set(context.recipients.map((address) => address.toLowerCase()));
  const onlyTheirs = listed.length > 0 && listed.every((identity) => recipients.has(identity));
  return onlyTheirs
    ? { reason: "recipientNotVerified", verdict: message }
    : { reason: "identityNotVerified", verdict: { kind: "doubtful" } };
}

/** Of `Name <local@domain>`, an ARN or the plain identity. */
function bareIdentity(identity: string): string {
  const [, angled] = /<([^<>]*)>\s*$/.exec(identity) ?? [];
  return (angled ?? identity)
    .replace(/^.*:identity\//, "")
    .trim()
    .toLowerCase();
}
