import { brand, BrandedError, hasBrand } from "./branded-error.js";

/**
 * The key (or an effect name or part) is not usable. No retry can mend it, so the message is
 * dead-lettered.
 */
export class InvalidKeyError extends BrandedError {
  override readonly code = "INVALID_KEY";
}

brand(InvalidKeyError, "INVALID_KEY");

export function isInvalidKeyError(error: unknown): error is InvalidKeyError {
  return hasBrand(error, "INVALID_KEY");
}
