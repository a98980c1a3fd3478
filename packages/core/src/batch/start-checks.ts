import type { StartCheck } from "../consumer/deployment.js";
import { ConfigurationError } from "../errors.js";
import type { Emit } from "../events.js";
import type { Clock } from "../ports/index.js";

/** Of an invocation's time, what the checks get at most, ms. */
const LIMIT_MS = 5_000;
/** And the part of what remains of it. */
const SHARE = 0.2;

/**
 * The checks of the store and the senders, which a consumer makes before it receives, for a host that is
 * handed its messages: made by the first invocation, and by the next ones until they passed.
 *
 * What only time mends refuses nothing here: the messages are there already, and each that comes back
 * has spent a receive. It is told, and what follows shows what is true.
 */
export class StartChecks {
  readonly #unchecked: Set<StartCheck>;
  readonly #clock: Clock;
  readonly #emit: Emit;

  constructor(checks: readonly StartCheck[], clock: Clock, emit: Emit) {
    this.#unchecked = new Set(checks);
    this.#clock = clock;
    this.#emit = emit;
  }

  /**
   * @param remainingMs of the invocation
   * @throws ConfigurationError for what an operator has to mend
   */
  async make(remainingMs: number): Promise<void> {
    // Nothing to ask takes no time, and no timer.
    if (this.#unchecked.size === 0) return;
    const limit = new AbortController();
    const ended = new AbortController();
    const timedOut = this.#clock
      .sleep(Math.min(LIMIT_MS, SHARE * remainingMs), ended.signal)
      .then(() => {
        limit.abort();
      });
    try {
      const checks = [...this.#unchecked];
      await Promise.all(checks.map((check) => this.#make(check, limit.signal, timedOut)));
    } finally {
      ended.abort();
      limit.abort();
    }
  }

  async #make(check: StartCheck, signal: AbortSignal, timedOut: Promise<void>): Promise<void> {
    try {
      const late = timedOut.then(() => {
        throw new Error("The check took too long.");
      });
      await Promise.race([check.verify(signal), late]);
      this.#unchecked.delete(check);
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      this.#emit({ type: check.unavailable, error });
    }
  }
}
