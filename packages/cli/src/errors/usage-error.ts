import { brand, BrandedError, hasBrand } from "@exactly-once/core";

/** The arguments or the configuration are wrong. The text names each and says what to change. */
export class UsageError extends BrandedError {
  override readonly code = "CLI_USAGE";
}

brand(UsageError, "CLI_USAGE");

export function isUsageError(error: unknown): error is UsageError {
  return hasBrand(error, "CLI_USAGE");
}
