import { brand, BrandedError, hasBrand } from "./branded-error.js";

/**
 * The dedupe store could not be reached, or did not answer in time. The operation may or may not
 * have happened, and may still happen. Consumers stop receiving until it answers.
 */
export class StoreUnavailableError extends BrandedError {
  override readonly code = "STORE_UNAVAILABLE";
}

brand(StoreUnavailableError, "STORE_UNAVAILABLE");

export function isStoreUnavailableError(error: unknown): error is StoreUnavailableError {
  return hasBrand(error, "STORE_UNAVAILABLE");
}
