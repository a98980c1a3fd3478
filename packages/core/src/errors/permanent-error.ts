import { brand, BrandedError, hasBrand } from "./branded-error.js";

/**
 * Thrown by a handler, decoder or sender: no retry can mend this. The message is dead-lettered at
 * once with the text, which therefore bears no personal data.
 */
export class PermanentError extends BrandedError {
  override readonly code = "PERMANENT";
}

brand(PermanentError, "PERMANENT");

export function isPermanentError(error: unknown): error is PermanentError {
  return hasBrand(error, "PERMANENT");
}
