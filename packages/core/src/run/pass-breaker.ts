import { RunEndedError } from "../errors.js";
import type { Sender } from "../ports/index.js";
import type { CircuitBreaker } from "./circuit-breaker.js";
import type { Run, RunEnvironment } from "./run.js";

/**
 * Ends the run where its sender's provider isn't to be asked just now, before anything is begun: its
 * message waits, which is no try. Where the run may probe, the sender's own check goes first: it
 * sends nothing, so that its failing leaves nothing unknown.
 *
 * @param effect the effect's name, without its part
 */
export async function passBreaker(
  env: RunEnvironment,
  run: Run,
  sender: Sender<unknown>,
  effect: string,
): Promise<void> {
  const breaker = env.breakers.of(sender);
  const holder = run.facts.messageId;
  if (!breaker.take(holder)) throw endRun(env, run, breaker, effect);
  if (!breaker.isProbing || !sender.verify) return;
  try {
    await sender.verify({ signal: run.cancellation.signal });
  } catch (error) {
    breaker.answered(holder, "trouble", error instanceof Error ? error.message : String(error));
    throw endRun(env, run, breaker, effect);
  }
}

function endRun(
  env: RunEnvironment,
  run: Run,
  breaker: CircuitBreaker,
  effect: string,
): RunEndedError {
  const reason = breaker.unavailableBecause() ?? "the provider is being tried";
  const retryAfterMs = Math.max(1_000, breaker.changesAt() - env.time());
  run.request ??= { kind: "unavailable", effect, retryAfterMs };
  return new RunEndedError(`Not begun: ${reason}.`);
}
