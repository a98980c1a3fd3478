import { ExactlyOnceError } from "@exactly-once/core";

/** The arguments or the configuration are wrong. The text names each and says what to change. */
export class UsageError extends ExactlyOnceError {
  static {
    this.identify("UsageError");
  }
  override readonly code = "CLI_USAGE";
}
