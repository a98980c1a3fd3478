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
 * Decides whether the consumer may receive. Closed while the store is down, sending is paused, or
 * the provider is throttling or in trouble: a closed gate burns no receive counts, so healthy
 * messages don't reach the dead-letter queue for somebody else's outage.
 */
export interface Gate {
  /** Why it is closed, or `undefined` while it is open. */
  closedBecause(): string | undefined;
  /** Resolves once it is open, or when `signal` aborts. */
  opened(signal: AbortSignal): Promise<void>;
  storeFailed(error: unknown): void;
  storeAnswered(): void;
  setPaused(reason: string | undefined): void;
  providerReplied(reply: ProviderReply): void;
  readonly storeIsDown: boolean;
  /** The last sends failed without a word about their message. */
  readonly providerIsInTrouble: boolean;
}

export interface GateOptions {
  readonly clock: Clock;
  readonly time: () => number;
  readonly randomness: Randomness;
  readonly emit: Emit;
}

export function createGate(options: GateOptions): Gate {
  const { clock, time, randomness, emit } = options;
  let storeDownSince: number | undefined;
  let storeUpSince = -RELAPSE_MS;
  let relapses = 0;
  let paused: string | undefined;
  let closedUntil = 0;
  let closedFor = "";
  let troubles = 0;
  let told = false;
  const waiting = new Set<AbortController>();

  function closedBecause(): string | undefined {
    if (storeDownSince !== undefined) return "the store is down";
    if (paused !== undefined) return paused;
    return time() < closedUntil ? closedFor : undefined;
  }

  /** Tells on each change, and wakes whoever waits. */
  function review(): void {
    const reason = closedBecause();
    if (reason !== undefined && !told) emit({ type: "receivingPaused", reason });
    if (reason === undefined && told) emit({ type: "receivingResumed" });
    told = reason !== undefined;
    for (const controller of waiting) controller.abort();
  }

  function closeFor(ms: number, reason: string): void {
    if (time() + ms <= closedUntil) return;
    closedUntil = time() + ms;
    closedFor = reason;
    review();
  }

  async function sleepUntilChange(ms: number, signal: AbortSignal): Promise<void> {
    const controller = new AbortController();
    const wake = (): void => {
      controller.abort();
    };
    waiting.add(controller);
    signal.addEventListener("abort", wake);
    await clock.sleep(ms, controller.signal);
    signal.removeEventListener("abort", wake);
    waiting.delete(controller);
  }

  return {
    closedBecause,
    get storeIsDown() {
      return storeDownSince !== undefined;
    },
    get providerIsInTrouble() {
      return troubles >= TROUBLE_LIMIT;
    },
    opened: async (signal) => {
      while (!signal.aborted) {
        const reason = closedBecause();
        if (reason === undefined) {
          if (told) review();
          return;
        }
        const waitMs = reason === closedFor ? closedUntil - time() : REVIEW_MS;
        await sleepUntilChange(Math.max(1, waitMs), signal);
      }
    },
    storeFailed: (error) => {
      if (storeDownSince !== undefined) return;
      storeDownSince = time();
      relapses = storeDownSince - storeUpSince < RELAPSE_MS ? relapses + 1 : 0;
      emit({ type: "storeDown", error });
      review();
    },
    storeAnswered: () => {
      if (storeDownSince === undefined) return;
      emit({ type: "storeUp", downMs: time() - storeDownSince });
      storeDownSince = undefined;
      storeUpSince = time();
      // It may answer the probe and still refuse every write.
      if (relapses > 0) {
        closeFor(
          equalJitter(relapses, randomness.random(), RELAPSE_BACKOFF),
          "the store fails on and off",
        );
      }
      review();
    },
    setPaused: (reason) => {
      if (reason === paused) return;
      paused = reason;
      review();
    },
    providerReplied: (reply) => {
      if (reply.kind === "well") {
        troubles = 0;
        return;
      }
      if (reply.kind === "throttled") {
        closeFor(reply.throttle.retryAfterMs, `the provider throttles (${reply.reason})`);
        return;
      }
      troubles += 1;
      if (troubles < TROUBLE_LIMIT) return;
      const tries = troubles - TROUBLE_LIMIT + 1;
      closeFor(
        equalJitter(tries, randomness.random(), TROUBLE_BACKOFF),
        `the provider is in trouble (${reply.reason})`,
      );
    },
  };
}
