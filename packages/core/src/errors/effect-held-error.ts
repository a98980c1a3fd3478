import { brand, BrandedError, hasBrand } from "./branded-error.js";
import type { AttemptInfo } from "../ports/index.js";

/**
 * The tripwire holds the effect until an operator allows or drops it. Let it pass.
 */
export class EffectHeldError extends BrandedError {
  override readonly code = "EFFECT_HELD";

  constructor(
    /** The attempt that was not begun. */
    readonly attempt: AttemptInfo,
  ) {
    super(
      `Attempt ${attempt.attemptId} is held by the tripwire: ${attempt.reason ?? "same content"}.`,
    );
  }
}

brand(EffectHeldError, "EFFECT_HELD");

export function isEffectHeldError(error: unknown): error is EffectHeldError {
  return hasBrand(error, "EFFECT_HELD");
}
