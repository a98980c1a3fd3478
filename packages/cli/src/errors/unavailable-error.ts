import { brand, BrandedError, hasBrand } from "@exactly-once/core";

/** A service that the command needs didn't answer, or refused; `cause` is what it said. */
export class UnavailableError extends BrandedError {
  override readonly code = "CLI_UNAVAILABLE";
}

brand(UnavailableError, "CLI_UNAVAILABLE");

export function isUnavailableError(error: unknown): error is UnavailableError {
  return hasBrand(error, "CLI_UNAVAILABLE");
}
