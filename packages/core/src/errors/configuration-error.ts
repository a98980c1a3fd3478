import { brand, BrandedError, hasBrand } from "./branded-error.js";

/**
 * A setting is missing or contradicts another. Thrown at definition or start, never on the message
 * path; the text says what to change.
 */
export class ConfigurationError extends BrandedError {
  override readonly code = "CONFIGURATION";
}

brand(ConfigurationError, "CONFIGURATION");

export function isConfigurationError(error: unknown): error is ConfigurationError {
  return hasBrand(error, "CONFIGURATION");
}
