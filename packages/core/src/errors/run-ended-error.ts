import { brand, BrandedError, hasBrand } from "./branded-error.js";

/**
 * Ends a handler on behalf of `defer`, `deadLetter` or a pause. Swallowing it changes nothing: what
 * was asked for is done all the same.
 */
export class RunEndedError extends BrandedError {
  override readonly code = "RUN_ENDED";
}

brand(RunEndedError, "RUN_ENDED");

export function isRunEndedError(error: unknown): error is RunEndedError {
  return hasBrand(error, "RUN_ENDED");
}
