import { brand, BrandedError, hasBrand } from "./branded-error.js";

/**
 * Thrown by a sender that knows that nothing reached the provider. Anything else thrown by `send`
 * makes the outcome `unknown`.
 */
export class NotSentError extends BrandedError {
  override readonly code = "NOT_SENT";
}

brand(NotSentError, "NOT_SENT");

export function isNotSentError(error: unknown): error is NotSentError {
  return hasBrand(error, "NOT_SENT");
}
