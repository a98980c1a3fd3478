import { brand, BrandedError, hasBrand } from "./branded-error.js";

/**
 * The queue could not be reached, or refused a whole call. Whether the call took effect is not
 * known: a receive may have hidden messages, a delete may have deleted.
 */
export class QueueUnavailableError extends BrandedError {
  override readonly code = "QUEUE_UNAVAILABLE";
  /** Milliseconds after which to call again, where the queue said so. */
  readonly retryAfterMs?: number;

  constructor(
    message: string,
    options?: { readonly cause?: unknown; readonly retryAfterMs?: number },
  ) {
    super(message, options);
    if (options?.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }
}

brand(QueueUnavailableError, "QUEUE_UNAVAILABLE");

export function isQueueUnavailableError(error: unknown): error is QueueUnavailableError {
  return hasBrand(error, "QUEUE_UNAVAILABLE");
}
