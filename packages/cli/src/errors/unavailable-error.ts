import { ExactlyOnceError } from "@exactly-once/core";

/** A service that the command needs didn't answer, or refused; `cause` is what it said. */
export class UnavailableError extends ExactlyOnceError {
  static {
    this.identify("UnavailableError");
  }
  override readonly code = "CLI_UNAVAILABLE";
}
