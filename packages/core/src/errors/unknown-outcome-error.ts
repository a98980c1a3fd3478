import { brand, BrandedError, hasBrand } from "./branded-error.js";
import type { AttemptInfo } from "../ports/index.js";

/**
 * Nobody knows whether the provider took the effect. Let it pass: the message is held until evidence
 * or an operator settles the attempt.
 */
export class UnknownOutcomeError extends BrandedError {
  override readonly code = "UNKNOWN_OUTCOME";

  constructor(
    /** The attempt in question. */
    readonly attempt: AttemptInfo,
  ) {
    super(`The outcome of attempt ${attempt.attemptId} is unknown: the message is held.`);
  }
}

brand(UnknownOutcomeError, "UNKNOWN_OUTCOME");

export function isUnknownOutcomeError(error: unknown): error is UnknownOutcomeError {
  return hasBrand(error, "UNKNOWN_OUTCOME");
}
