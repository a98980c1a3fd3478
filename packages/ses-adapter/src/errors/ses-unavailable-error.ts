import { ExactlyOnceError } from "@exactly-once/core";

/**
 * SES didn't answer, or takes nothing for now. It passes by itself: a consumer that meets it at its
 * start asks again.
 */
export class SesUnavailableError extends ExactlyOnceError {
  static {
    this.identify("SesUnavailableError");
  }

  override readonly code = "SES_UNAVAILABLE";
}
