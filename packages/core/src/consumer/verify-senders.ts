import { ConfigurationError } from "../errors.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import type { Clock, Randomness, Sender } from "../ports/index.js";
import { equalJitter } from "../timing/backoff.js";

const BACKOFF = { baseMs: 1_000, maxMs: 30_000 };

export interface VerifyOptions {
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Ends the waiting: the consumer is stopped. */
  readonly signal: AbortSignal;
  readonly onUnavailable: (error: unknown, retryInMs: number) => void;
}

/**
 * Waits until every sender has passed its own check, or `signal` aborts. What only time mends is
 * asked again for as long as it takes: replicas that start together in an outage must not exit.
 *
 * @throws ConfigurationError for what an operator has to mend
 */
export async function verifySenders(
  pipelines: readonly Pipeline[],
  options: VerifyOptions,
): Promise<void> {
  const senders = new Set(pipelines.flatMap(({ effects }) => Object.values(effects)));
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const verifying = [...senders].map((sender) => verifySender(sender, { ...options, signal }));
  try {
    await Promise.all(verifying);
  } finally {
    failed.abort();
  }
}

async function verifySender(sender: Sender<never>, options: VerifyOptions): Promise<void> {
  const { clock, randomness, signal } = options;
  for (let tries = 1; !signal.aborted; tries += 1) {
    try {
      return await sender.verify?.({ signal });
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      const retryInMs = equalJitter(tries, randomness.random(), BACKOFF);
      options.onUnavailable(error, retryInMs);
      await clock.sleep(retryInMs, signal);
    }
  }
}
