import { brand, BrandedError, hasBrand } from "./branded-error.js";
import type { LossReason } from "../events.js";

/**
 * The right to handle the message ended: the reason the signal aborts with. Somebody else may have
 * the message by now, so nothing more is begun.
 */
export class LeaseLostError extends BrandedError {
  override readonly code = "LEASE_LOST";

  constructor(
    /** What ended it. */
    readonly reason: LossReason,
  ) {
    super(`The lease ended (${reason}): stop working; the message is handled again elsewhere.`);
  }
}

brand(LeaseLostError, "LEASE_LOST");

export function isLeaseLostError(error: unknown): error is LeaseLostError {
  return hasBrand(error, "LEASE_LOST");
}
