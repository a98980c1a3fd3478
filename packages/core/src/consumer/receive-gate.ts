import { UnreadableRecordError } from "../errors.js";
import { equalJitter } from "../timing/backoff.js";
import type { Emit } from "../events.js";
import type { Clock, Randomness } from "../ports/index.js";
import type { ProviderReply } from "../run/run.js";

/** Sends in a row that fail before receiving stops for a while. */
const TROUBLE_LIMIT = 5;
/** Looks again after this long, ms, even if nothing told of a change. */
const REVIEW_MS = 60_000;
const TROUBLE_BACKOFF = { baseMs: 500, maxMs: 15_000 };
/** A store that fails again this soon, ms, after it answered is not to be trusted at once. */
const RELAPSE_MS = 60_000;
const RELAPSE_BACKOFF = { baseMs: 2_000, maxMs: 30_000 };

/**
 * Whether the store answers. A fault takes it `down`; the next answer of the probe takes it `up`
 * again. Each fall within a minute of the last rise is a relapse: after those it is left alone for
 * longer and longer, since it may answer the probe and still refuse every write.
 */
type StoreState =
  | { readonly is: "up"; readonly since: number; readonly relapses: number }
  | { readonly is: "down"; readonly since: number; readonly relapses: number };

/** Until when something keeps the gate closed by itself. */
interface Closure {
  readonly until: number;
  readonly reason: string;
}

export interface ReceiveGateOptions {
  readonly clock: Clock;
  readonly time: () => number;
  readonly randomness: Randomness;
  readonly emit: Emit;
}

/**
 * Decides whether the consumer may receive. Closed while the store is down, sending is paused, or
 * the provider is throttling or in trouble: a closed gate burns no receive counts, so healthy
 * messages don't reach the dead-letter queue for somebody else's outage.
 *
 * Three things close it, each by itself: the store's state, a pause, and a closure that ends by
 * time. Whatever changes one of them tells of the difference by `#review`.
 */
export class ReceiveGate {
  readonly #options: ReceiveGateOptions;
  #store: StoreState = { is: "up", since: -RELAPSE_MS, relapses: 0 };
  #paused: string | undefined = undefined;
  #closure: Closure = { until: 0, reason: "" };
  /** Sends in a row that failed without a word about their message. */
  #troubles = 0;
  /** Whether it was told that receiving is paused. */
  #toldClosed = false;
  readonly #waiting = new Set<AbortController>();

  constructor(options: ReceiveGateOptions) {
    this.#options = options;
  }

  get storeIsDown(): boolean {
    return this.#store.is === "down";
  }

  /** The last sends failed without a word about their message. */
  get providerIsInTrouble(): boolean {
    return this.#troubles >= TROUBLE_LIMIT;
  }

  /** Why it is closed, or `undefined` while it is open. */
  closedBecause(): string | undefined {
    if (this.#store.is === "down") return "the store is down";
    if (this.#paused !== undefined) return this.#paused;
    return this.#options.time() < this.#closure.until ? this.#closure.reason : undefined;
  }

  /** Resolves once it is open, or when `signal` aborts. */
  async opened(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const reason = this.closedBecause();
      if (reason === undefined) {
        if (this.#toldClosed) this.#review();
        return;
      }
      const ends = reason === this.#closure.reason;
      const waitMs = ends ? this.#closure.until - this.#options.time() : REVIEW_MS;
      await this.#sleepUntilChange(Math.max(1, waitMs), signal);
    }
  }

  /** What concerns one record only is no fault of the store. */
  storeFailed(error: unknown): void {
    if (error instanceof UnreadableRecordError) return;
    if (this.#store.is === "down") return;
    const { time, emit } = this.#options;
    const { since, relapses } = this.#store;
    const now = time();
    this.#store = { is: "down", since: now, relapses: now - since < RELAPSE_MS ? relapses + 1 : 0 };
    emit({ type: "storeDown", error });
    this.#review();
  }

  storeAnswered(): void {
    if (this.#store.is === "up") return;
    const { time, emit, randomness } = this.#options;
    const { since, relapses } = this.#store;
    emit({ type: "storeUp", downMs: time() - since });
    this.#store = { is: "up", since: time(), relapses };
    if (relapses > 0) {
      const forMs = equalJitter(relapses, randomness.random(), RELAPSE_BACKOFF);
      this.#closeFor(forMs, "the store fails on and off");
    }
    this.#review();
  }

  setPaused(reason: string | undefined): void {
    if (reason === this.#paused) return;
    this.#paused = reason;
    this.#review();
  }

  providerReplied(reply: ProviderReply): void {
    switch (reply.kind) {
      case "well":
        this.#troubles = 0;
        return;
      case "throttled":
        this.#closeFor(reply.throttle.retryAfterMs, `the provider throttles (${reply.reason})`);
        return;
      case "trouble":
        this.#troubles += 1;
        if (this.providerIsInTrouble) this.#closeForTrouble(reply.reason);
    }
  }

  #closeForTrouble(reason: string): void {
    const tries = this.#troubles - TROUBLE_LIMIT + 1;
    const forMs = equalJitter(tries, this.#options.randomness.random(), TROUBLE_BACKOFF);
    this.#closeFor(forMs, `the provider is in trouble (${reason})`);
  }

  #closeFor(ms: number, reason: string): void {
    const until = this.#options.time() + ms;
    if (until <= this.#closure.until) return;
    this.#closure = { until, reason };
    this.#review();
  }

  /** Tells on each change, and wakes whoever waits. */
  #review(): void {
    const { emit } = this.#options;
    const reason = this.closedBecause();
    if (reason !== undefined && !this.#toldClosed) emit({ type: "receivingPaused", reason });
    if (reason === undefined && this.#toldClosed) emit({ type: "receivingResumed" });
    this.#toldClosed = reason !== undefined;
    for (const controller of this.#waiting) controller.abort();
  }

  async #sleepUntilChange(ms: number, signal: AbortSignal): Promise<void> {
    const controller = new AbortController();
    const wake = (): void => {
      controller.abort();
    };
    this.#waiting.add(controller);
    signal.addEventListener("abort", wake);
    await this.#options.clock.sleep(ms, controller.signal);
    signal.removeEventListener("abort", wake);
    this.#waiting.delete(controller);
  }
}
