import { ExactlyOnceError } from "@exactly-once/core";

/**
 * The client tried to send one command twice, and the second request was stopped. What became of
 * the first stays unknown. Build the client with `safeSesClient`, so that it doesn't resend.
 */
export class SecondRequestError extends ExactlyOnceError {
  static {
    this.identify("SecondRequestError");
  }
  override readonly code = "SECOND_REQUEST";
}
