import type { Pipeline } from "../pipeline/pipeline.js";
import type { Outcome, Sender } from "../ports/index.js";
import { CircuitBreaker, type CircuitBreakerOptions } from "./circuit-breaker.js";

/** A circuit breaker for each sender of a process, whichever pipelines share it. */
export class Breakers {
  readonly #options: CircuitBreakerOptions;
  readonly #breakers = new Map<Sender<unknown>, CircuitBreaker>();
  readonly #ofPipelines = new Map<Pipeline, readonly CircuitBreaker[]>();

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  of(sender: Sender<unknown>): CircuitBreaker {
    let breaker = this.#breakers.get(sender);
    if (!breaker) {
      breaker = new CircuitBreaker(this.#options);
      this.#breakers.set(sender, breaker);
    }
    return breaker;
  }

  /** Those of a pipeline's effects, or of the one effect. */
  for(pipeline: Pipeline, effect?: string): readonly CircuitBreaker[] {
    const only = effect === undefined ? undefined : pipeline.effects[effect];
    if (only) return [this.of(only)];
    let all = this.#ofPipelines.get(pipeline);
    if (!all) {
      all = Object.values(pipeline.effects).map((sender) => this.of(sender));
      this.#ofPipelines.set(pipeline, all);
    }
    return all;
  }

  /**
   * Why none of them can be begun just now; `undefined` where one of them can.
   *
   * @param holder who asks, and may have a token
   */
  unavailableBecause(pipeline: Pipeline, effect?: string, holder?: string): string | undefined {
    let reason: string | undefined;
    for (const breaker of this.for(pipeline, effect)) {
      reason = breaker.unavailableBecause(holder);
      if (reason === undefined) return undefined;
    }
    return reason;
  }

  /** Why all of them are in trouble, or were and are only being tried again. */
  doubtedBecause(pipeline: Pipeline): string | undefined {
    let reason: string | undefined;
    for (const breaker of this.for(pipeline)) {
      reason = breaker.doubtedBecause;
      if (reason === undefined) return undefined;
    }
    return reason;
  }

  /** When that may change by time going by; on the timeline of leases. */
  changesAt(pipeline: Pipeline, effect?: string): number {
    return Math.min(Infinity, ...this.for(pipeline, effect).map((breaker) => breaker.changesAt()));
  }

  /** How many messages of the pipeline may be tried just now. */
  free(pipeline: Pipeline): number {
    const free = this.for(pipeline).map((breaker) =>
      breaker.unavailableBecause() === undefined ? breaker.free() : 0,
    );
    return free.length === 0 ? Infinity : Math.max(...free);
  }

  /** Gives the holder a token of each that tries its provider, where there is one. */
  invite(pipeline: Pipeline, effect: string | undefined, holder: string): void {
    for (const breaker of this.for(pipeline, effect)) breaker.take(holder);
  }

  /** The holder's turn has ended. */
  giveBack(pipeline: Pipeline, holder: string): void {
    for (const breaker of this.for(pipeline)) if (!breaker.isClosed) breaker.giveBack(holder);
  }
}

/** Rejections that say nothing about the provider: it was not asked. */
export const ABORTED = "aborted before sending";
export const OVERDUE = "deadline before sending";

/** Notes what an outcome says about the provider. */
export function tellBreaker(breaker: CircuitBreaker, holder: string, outcome: Outcome): void {
  switch (outcome.status) {
    case "accepted":
      breaker.answered(holder, "alive", "");
      return;
    case "unknown":
      breaker.answered(holder, "trouble", outcome.reason);
      return;
    case "rejected": {
      const { reason, permanent, throttle } = outcome;
      if (reason === ABORTED || reason === OVERDUE) return;
      if (throttle) {
        breaker.throttled(throttle.retryAfterMs, `the provider throttles (${reason})`);
      }
      breaker.answered(holder, permanent || throttle ? "alive" : "trouble", reason);
    }
  }
}
