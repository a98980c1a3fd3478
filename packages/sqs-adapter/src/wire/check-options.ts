import { LONGEST_TIMER_MS, type OptionChecks } from "@exactly-once/core/ports";

const QUEUE_URL = /^https?:\/\/[^/]+\/.+/;

/** @throws ConfigurationError for what isn't the URL of a queue */
export function checkUrl(check: OptionChecks, name: string, url: string): string {
  return check.text(name, url, QUEUE_URL, "the queue's URL, as GetQueueUrl answers it");
}

/** Milliseconds that one call may take, of a caller's `callTimeoutMs`. */
export function checkCallTimeout(check: OptionChecks, callTimeoutMs: number): number {
  return check.ms("callTimeoutMs", callTimeoutMs, { to: LONGEST_TIMER_MS });
}
