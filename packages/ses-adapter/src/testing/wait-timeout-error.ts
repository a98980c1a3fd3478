import { ExactlyOnceError } from "@exactly-once/core";

/** The awaited email didn't come in time. */
export class WaitTimeoutError extends ExactlyOnceError {
  static {
    this.identify("WaitTimeoutError");
  }
  override readonly code = "WAIT_TIMEOUT";

  constructor(timeoutMs: number, received: number) {
    super(
      `The awaited email didn't arrive within ${timeoutMs} ms (${received} are in the mailbox). ` +
        `Look at requests() for calls that were refused, or raise timeoutMs.`,
    );
  }
}
