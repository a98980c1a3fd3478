import { ConfigurationError } from "../errors.js";
import type { Emit } from "../events.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import type { Clock, Sender } from "../ports/index.js";

/** Of an invocation's time, what the checks of its senders get at most, ms. */
const LIMIT_MS = 5_000;
/** And the part of what remains of it. */
const SHARE = 0.2;

/**
 * The senders' own checks, which a consumer makes before it receives, for a host that is handed its
 * messages: made by the first invocation, and by the next ones until they passed.
 *
 * What only time mends refuses nothing here: the messages are there already, and each that comes back
 * has spent a receive. It is told, and sending shows what is true.
 */
export class SenderChecks {
  readonly #unchecked: Set<Sender<never>>;
  readonly #clock: Clock;
  readonly #emit: Emit;

  constructor(pipelines: readonly Pipeline[], clock: Clock, emit: Emit) {
    const senders = pipelines.flatMap(({ effects }): Sender<never>[] => Object.values(effects));
    this.#unchecked = new Set(senders);
    this.#clock = clock;
    this.#emit = emit;
  }

  /**
   * @param remainingMs of the invocation
   * @throws ConfigurationError for what an operator has to mend
   */
  async make(remainingMs: number): Promise<void> {
    const waiting = [...this.#unchecked];
    // Nothing to ask takes no time, and no timer.
    const asked = waiting.filter((sender) => sender.verify !== undefined);
    if (asked.length === 0) return;
    const limit = new AbortController();
    const ended = new AbortController();
    const timedOut = this.#clock
      .sleep(Math.min(LIMIT_MS, SHARE * remainingMs), ended.signal)
      .then(() => {
        limit.abort();
      });
    try {
      await Promise.all(asked.map((sender) => this.#check(sender, limit.signal, timedOut)));
    } finally {
      ended.abort();
      limit.abort();
    }
  }

  async #check(sender: Sender<never>, signal: AbortSignal, timedOut: Promise<void>): Promise<void> {
    try {
      const late = timedOut.then(() => {
        throw new Error("The sender's check took too long.");
      });
      await Promise.race([sender.verify?.({ signal }), late]);
      this.#unchecked.delete(sender);
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      this.#emit({ type: "senderUnavailable", error });
    }
  }
}
