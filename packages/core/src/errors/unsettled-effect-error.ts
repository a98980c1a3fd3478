import { brand, BrandedError, hasBrand } from "./branded-error.js";

/**
 * The handler returned while something it began is not settled: an effect swallowed, not awaited,
 * used twice, or none attempted at all. The message stays and is retried; the text says which.
 */
export class UnsettledEffectError extends BrandedError {
  override readonly code = "UNSETTLED_EFFECT";
}

brand(UnsettledEffectError, "UNSETTLED_EFFECT");

export function isUnsettledEffectError(error: unknown): error is UnsettledEffectError {
  return hasBrand(error, "UNSETTLED_EFFECT");
}
