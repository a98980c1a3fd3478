import { UnreadableRecordError } from "../errors.js";
import { equalJitter } from "../timing/backoff.js";
import type { Emit } from "../events.js";
import type { Clock, Randomness } from "../ports/index.js";
import type { PipelineGates } from "./pipeline-gates.js";

/** Looks again after this long, ms, even if nothing told of a change. */
const REVIEW_MS = 60_000;
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

export interface ReceiveGateOptions {
  readonly clock: Clock;
  readonly time: () => number;
  readonly randomness: Randomness;
  readonly emit: Emit;
  readonly pipelines: PipelineGates;
}

/**
 * Decides whether the consumer may receive. Closed while the store is down, and while every pipeline is
 * paused or has no provider to send by: a closed gate burns no receive counts, so healthy messages
 * don't reach the dead-letter queue for somebody else's outage.
 *
 * Whatever changes one of these tells of the difference by `review`.
 */
export class ReceiveGate {
  readonly #options: ReceiveGateOptions;
  #store: StoreState = { is: "up", since: -RELAPSE_MS, relapses: 0 };
  /** Until when a store that fails on and off is left alone. */
  #restUntil = 0;
  /** Whether it was told that receiving is paused. */
  #toldClosed = false;
  readonly #waiting = new Set<AbortController>();

  constructor(options: ReceiveGateOptions) {
    this.#options = options;
  }

  get storeIsDown(): boolean {
    return this.#store.is === "down";
  }

  /** Why it is closed, or `undefined` while it is open. */
  closedBecause(): string | undefined {
    if (this.#store.is === "down") return "the store is down";
    if (this.#options.time() < this.#restUntil) return "the store fails on and off";
    return this.#options.pipelines.allBlockedBecause();
  }

  /** Resolves once it is open, or when `signal` aborts. */
  async opened(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.closedBecause() === undefined) {
        if (this.#toldClosed) this.review();
        return;
      }
      const { time, pipelines } = this.#options;
      const now = time();
      const ends = [this.#restUntil, pipelines.changesAt(), now + REVIEW_MS];
      const waitMs = Math.min(...ends.filter((end) => end > now)) - now;
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
    this.changed();
  }

  storeAnswered(): void {
    if (this.#store.is === "up") return;
    const { time, emit, randomness } = this.#options;
    const { since, relapses } = this.#store;
    emit({ type: "storeUp", downMs: time() - since });
    this.#store = { is: "up", since: time(), relapses };
    if (relapses > 0) {
      const forMs = equalJitter(relapses, randomness.random(), RELAPSE_BACKOFF);
      this.#restUntil = time() + forMs;
    }
    this.changed();
  }

  /** Something changed that may open or close it, or block a pipeline. */
  changed(): void {
    this.review();
    for (const controller of this.#waiting) controller.abort();
  }

  /** Tells what is different, also by time that went by. */
  review(): void {
    const { emit, pipelines } = this.#options;
    pipelines.review();
    const reason = this.closedBecause();
    if (reason !== undefined && !this.#toldClosed) emit({ type: "receivingPaused", reason });
    if (reason === undefined && this.#toldClosed) emit({ type: "receivingResumed" });
    this.#toldClosed = reason !== undefined;
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
