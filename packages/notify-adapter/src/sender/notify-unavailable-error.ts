import { ExactlyOnceError } from "@exactly-once/core";

/** GOV.UK Notify doesn't answer, or not as its API does. It passes by itself: ask again. */
export class NotifyUnavailableError extends ExactlyOnceError {
  static {
    this.identify("NotifyUnavailableError");
  }
  override readonly code = "NOTIFY_UNAVAILABLE";

  constructor(reason: string) {
    super(`GOV.UK Notify gives no answer that can be used (${reason}): it is asked again.`);
  }
}
