import { brand, BrandedError, hasBrand } from "@exactly-once/core";

/**
 * The client tried to send one command twice, and the second request was stopped. What became of
 * the first stays unknown. Build the client with `safeSesClient`, so that it doesn't resend.
 */
export class SecondRequestError extends BrandedError {
  override readonly code = "SECOND_REQUEST";
}

brand(SecondRequestError, "SECOND_REQUEST");

export function isSecondRequestError(error: unknown): error is SecondRequestError {
  return hasBrand(error, "SECOND_REQUEST");
}
