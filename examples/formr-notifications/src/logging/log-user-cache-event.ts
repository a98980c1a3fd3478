import type { UserCacheEvent } from "@exactly-once/core/user-cache";
import { describeError } from "./describe-error.js";
import type { Logger } from "./logger.js";

/** How many pages of a walk go by between two lines about it. */
const PAGES_A_LINE = 50;

/** Writes an event of the user cache as one line; no event bears anything personal but its error. */
export function logUserCacheEvent(logger: Logger, event: UserCacheEvent): void {
  const { type, ...rest } = event;
  const facts = "error" in rest ? { ...rest, error: describeError(rest.error) } : rest;
  logger[levelOf(event)](facts, `userCache.${type}`);
}

function levelOf(event: UserCacheEvent): "debug" | "info" | "warn" | "error" {
  switch (event.type) {
    case "started":
    case "swapped":
      return "info";
    case "page":
      return event.pages % PAGES_A_LINE === 0 ? "info" : "debug";
    case "waiting":
      return "debug";
    case "refused":
    case "expired":
      return "error";
    case "failed":
      return event.fault === "refused" ? "error" : "warn";
    case "pageFailed":
    case "leaseLost":
    case "sharedFailed":
    case "servedStale":
    case "findFailed":
      return "warn";
  }
}
