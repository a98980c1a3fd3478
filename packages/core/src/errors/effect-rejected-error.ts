import { brand, BrandedError, hasBrand } from "./branded-error.js";
import type { Throttle } from "../ports/index.js";

/**
 * The provider provably did not take the effect. Let it pass and the message is tried again, or
 * dead-lettered where the rejection is permanent.
 */
export class EffectRejectedError extends BrandedError {
  override readonly code = "EFFECT_REJECTED";

  constructor(
    /** The effect, with its part. */
    readonly effect: string,
    /** The sender's stable word for why. */
    readonly reason: string,
    /** Another try of the same content cannot succeed either. */
    readonly permanent: boolean,
    readonly throttle: Throttle | undefined,
  ) {
    super(`Effect ${effect} was rejected: ${reason}.`);
  }
}

brand(EffectRejectedError, "EFFECT_REJECTED");

export function isEffectRejectedError(error: unknown): error is EffectRejectedError {
  return hasBrand(error, "EFFECT_REJECTED");
}
