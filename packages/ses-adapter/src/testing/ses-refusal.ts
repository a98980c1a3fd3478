/**
 * An answer by which SES declines a call: a value, since a refusal is an expected result here.
 * Codes and statuses are those of the "Common Errors" page and of each action's page in the
 * Amazon SES API Reference (2010-12-01).
 */
export interface SesRefusal {
  readonly status: number;
  /** Stable machine-readable code, for example `MessageRejected`. */
  readonly code: string;
  readonly message: string;
  /** Whose fault it is, as the Query protocol spells it. */
  readonly type: "Sender" | "Receiver";
  /** Extra elements some errors carry, for example `ConfigurationSetName`. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** A refusal that blames the caller; most are HTTP 400, authentication faults are 403. */
export const refuse = (code: string, message: string, status = 400): SesRefusal => ({
  status,
  code,
  message,
  type: "Sender",
});

/** The one code SES uses for any bad field of a message. */
export const invalidParameter = (message: string): SesRefusal =>
  refuse("InvalidParameterValue", message);

/** The service blames itself: nothing can be concluded about what was done before. */
export const internalFailure: SesRefusal = {
  status: 500,
  code: "InternalFailure",
  message: "The request processing has failed because of an unknown error, exception or failure.",
  type: "Receiver",
};

export const serviceUnavailable: SesRefusal = {
  status: 503,
  code: "ServiceUnavailable",
  message: "The request has failed due to a temporary failure of the server.",
  type: "Receiver",
};

/** What v1 says of an account that may not send for now; v2 has a code for it. */
export const sendingPaused = refuse(
  "AccountSendingPaused",
  "Email sending is disabled for your entire Amazon SES account.",
);

/** Both throttles share a code; only the text tells a second's rate from a day's quota. */
export const rateExceeded = refuse("Throttling", "Maximum sending rate exceeded.");
export const dailyQuotaExceeded = refuse("Throttling", "Daily message quota exceeded.");
