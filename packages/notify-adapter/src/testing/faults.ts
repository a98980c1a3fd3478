/**
 * What goes wrong with a request to send:
 *
 * - `accept-then-drop`: it is taken, then the connection breaks without an answer;
 * - `reset-before-accept`: the connection breaks, and it isn't taken;
 * - `500-after-accept`, `500-before-accept`: Notify's own error, and it is taken or not;
 * - `empty-201`, `page-200`: it is taken, and the answer doesn't say under which id;
 * - `rate-limit`, `daily-limit`, `validation`, `bad-request`, `auth`: Notify's refusals;
 * - `omit`: it is taken and answered, and no listing ever has it.
 */
export type NotifyFault =
  | "accept-then-drop"
  | "reset-before-accept"
  | "500-after-accept"
  | "500-before-accept"
  | "empty-201"
  | "page-200"
  | "rate-limit"
  | "daily-limit"
  | "validation"
  | "bad-request"
  | "auth"
  | "omit";

/** Which requests a fault strikes: a function of the request's number, from 1, says it for each. */
export type FaultPlan = (request: number) => NotifyFault | undefined;

/** Whether a request is taken in spite of its fault. */
export function isTaken(fault: NotifyFault | undefined): boolean {
  switch (fault) {
    case undefined:
    case "accept-then-drop":
    case "500-after-accept":
    case "empty-201":
    case "page-200":
    case "omit":
      return true;
    case "reset-before-accept":
    case "500-before-accept":
    case "rate-limit":
    case "daily-limit":
    case "validation":
    case "bad-request":
    case "auth":
      return false;
  }
}

/** An answer as Notify gives it. */
export interface Refusal {
  readonly status: number;
  readonly error: string;
  readonly message: string;
}

/** Notify's documented errors, by fault. */
export const refusals: Partial<Readonly<Record<NotifyFault, Refusal>>> = {
  "500-after-accept": { status: 500, error: "Exception", message: "Internal server error" },
  "500-before-accept": { status: 500, error: "Exception", message: "Internal server error" },
  "rate-limit": {
    ...{ status: 429, error: "RateLimitError" },
    message: "Exceeded rate limit for key type LIVE of 3000 requests per 60 seconds",
  },
  "daily-limit": {
    ...{ status: 429, error: "TooManyRequestsError" },
    message: "Exceeded send limits (250000) for today",
  },
  validation: {
    ...{ status: 400, error: "ValidationError" },
    message: "email_address Not a valid email address",
  },
  "bad-request": {
    ...{ status: 400, error: "BadRequestError" },
    message: "Can't send to this recipient when service is in trial mode",
  },
  auth: { status: 403, error: "AuthError", message: "Invalid token: API key not found" },
};
