import type { Clock, Randomness } from "@exactly-once/core/ports";

/** The condition didn't hold. */
export function isRefusal(error: unknown): boolean {
  return nameOf(error) === "ConditionalCheckFailedException";
}

/** Refusals before anything is executed: repeating such a request is as good as sending it later. */
const THROTTLES: ReadonlySet<string> = new Set([
  "ProvisionedThroughputExceededException",
  "ThrottlingException",
  "RequestLimitExceeded",
  "LimitExceededException",
]);

export function isThrottle(error: unknown): boolean {
  return THROTTLES.has(nameOf(error));
}

const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 500;

/** Repeats a call while the table throttles it, with growing pauses, for as long as its caller waits. */
export interface BackPressure {
  <Answer>(call: () => Promise<Answer>, signal: AbortSignal): Promise<Answer>;
}

export function backPressure(clock: Clock, randomness: Pick<Randomness, "random">): BackPressure {
  return async (call, signal) => {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await call();
      } catch (error) {
        if (!isThrottle(error) || signal.aborted) throw error;
        await clock.sleep(pauseMs * (0.5 + randomness.random() / 2), signal);
        if (signal.aborted) throw error;
      }
    }
  };
}

/** What an item or a call has for an answer where it failed. */
export function faultOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}
