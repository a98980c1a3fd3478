import { ConfigurationError } from "../errors.js";
import type { Clock, Randomness } from "../ports/index.js";
import { equalJitter } from "../timing/backoff.js";
import type { StartCheck } from "./deployment.js";

const BACKOFF = { baseMs: 1_000, maxMs: 30_000 };

export interface VerifyOptions {
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Ends the waiting: the consumer is stopped. */
  readonly signal: AbortSignal;
  /** A check couldn't be made, and is made again then. */
  readonly onUnavailable: (check: StartCheck, error: unknown, retryInMs: number) => void;
}

/**
 * Waits until every check has passed, or `signal` aborts. What only time mends is asked again for as
 * long as it takes: replicas that start together in an outage must not exit.
 *
 * @throws ConfigurationError for what an operator has to mend
 */
export async function untilVerified(
  checks: readonly StartCheck[],
  options: VerifyOptions,
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  try {
    await Promise.all(checks.map((check) => untilPassed(check, { ...options, signal })));
  } finally {
    failed.abort();
  }
}

async function untilPassed(check: StartCheck, options: VerifyOptions): Promise<void> {
  const { clock, randomness, signal } = options;
  for (let tries = 1; !signal.aborted; tries += 1) {
    try {
      await check.verify(signal);
      return;
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      const retryInMs = equalJitter(tries, randomness.random(), BACKOFF);
      options.onUnavailable(check, error, retryInMs);
      await clock.sleep(retryInMs, signal);
    }
  }
}
